# builds: chapters/11-models/select.c
# builds: chapters/11-models/poll.c
# builds: chapters/11-models/epoll.c
# builds: solutions/02-io-models/3-lost-readiness/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on each of three right servers" {
    local right
    for right in select poll epoll; do
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
    did "played ready.talk against $1"
    limited 20 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/ready.talk"
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
    play "$1"
    hint "whom could a server lose, that your script never asks for?"
    if [[ $STATUS = 0 ]]; then
        expected "some step of the script fails"
        got "every step holds"
        return 1
    fi
}
