# builds: chapters/01-blocking/one-at-a-time.c
# builds: solutions/01-blocking/3-four-wrong-echoes/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on a right server, time and again" {
    hint "build/one-at-a-time -p 8000 is the right server; play your script against it with -v"
    for _ in 1 2 3; do
        play one-at-a-time
        [[ $STATUS = 0 ]] || got "it fails on a server that does nothing wrong"
        ((STATUS == 0))
        stop_server
    done
}

# points: 2
@test "server 1 is caught" {
    catch server-1
}

# points: 2
@test "server 2 is caught" {
    catch server-2
}

# points: 2
@test "server 3 is caught" {
    catch server-3
}

# points: 2
@test "server 4 is caught" {
    catch server-4
}

# play SERVER: the reader's script against it; sets STATUS.
play() {
    start_server "$BUILD_DIR/$1"
    did "played echo.talk against $1"
    limited 15 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/echo.talk"
    if ((STATUS > 1)); then
        cat "$ERR"
        tell_end "$STATUS" "$ERR" || got "this is not a script that talk understands"
        return 1
    fi
    [[ $STATUS = 0 ]] || cat "$OUT" "$ERR"
}

# A server that does not answer is waited for, but 2 s are enough here.
catch() {
    TIME_SCALE=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.4 }")
    export TIME_SCALE
    for _ in 1 2 3; do # what a read() finds is in part chance
        play "$1"
        [[ $STATUS = 0 ]] || return 0
        DISMISSED+=("$SERVER")
        kill -KILL "$SERVER" # a wrong one may spin, and not hear SIGTERM
    done
    hint "what can read() say that your script never makes it say?"
    expected "some step of the script fails"
    got "every step holds"
    return 1
}
