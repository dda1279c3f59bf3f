# builds: solutions/08-fsm/3-lengths-that-lie/heartbeat.c
# builds: solutions/08-fsm/3-lengths-that-lie/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on a right server, time and again" {
    hint "build/heartbeat -p 8000 is the right server; play your script against it with -v"
    for _ in 1 2 3; do
        play heartbeat
        [[ $STATUS = 0 ]] || got "it fails on a server that does nothing wrong"
        ((STATUS == 0))
        stop_server
    done
}

# points: 3
@test "server 1 is caught" {
    catch server-1 "which lengths are next to a place where a number has no room any more?"
}

# points: 3
@test "server 2 is caught" {
    catch server-2 "does all of the data always come at once? And what is answered before it has come?"
}

# points: 3
@test "server 3 is caught" {
    catch server-3 "which bytes can a length have that your script has never sent?"
}

# play SERVER: the reader's script against it; sets STATUS.
play() {
    start_server "$BUILD_DIR/$1"
    did "played lengths.talk against $1"
    limited 15 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/lengths.talk"
    if ((STATUS > 1)); then
        cat "$ERR"
        tell_end "$STATUS" "$ERR" || got "this is not a script that talk understands"
        return 1
    fi
    [[ $STATUS = 0 ]] || cat "$OUT" "$ERR"
}

# catch SERVER HINT. A server that does not answer is waited for, but 2 s are enough here.
catch() {
    TIME_SCALE=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.4 }")
    export TIME_SCALE
    play "$1"
    [[ $STATUS = 0 ]] || return 0
    hint "$2"
    expected "some step of the script fails"
    got "every step holds"
    return 1
}
