# builds: chapters/09-oneshot/oneshot.c
# builds: chapters/05-reactor/loop.c
# builds: solutions/09-oneshot/3-four-wrong-crews/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on each of two right servers" {
    local right
    for right in oneshot loop; do
        hint "build/$right -p 8000 is a right server; play your script against it with -v"
        play "$right"
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
    did "played overtake.talk against $1"
    limited 20 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/overtake.talk"
    if ((STATUS > 1)); then
        cat "$ERR"
        tell_end "$STATUS" "$ERR" || got "this is not a script that talk understands"
        return 1
    fi
    [[ $STATUS = 0 ]] || cat "$OUT" "$ERR"
}

# A server that does not answer is waited for, but a second is enough here.
catch() {
    TIME_SCALE=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.2 }")
    export TIME_SCALE
    play "$1"
    hint "what can two workers do to a peer that your script never looks at?"
    if [[ $STATUS = 0 ]]; then
        expected "some step of the script fails"
        got "every step holds"
        return 1
    fi
}
