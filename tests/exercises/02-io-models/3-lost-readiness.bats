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

# Three times at once, for luck is no test. A server that does not answer is waited for, but 2 s are
# enough here.
catch() {
    local i status plays=() held=0
    TIME_SCALE=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.4 }")
    export TIME_SCALE
    for i in 0 1 2; do
        (
            play "$1"
            exit $((STATUS == 0 ? 10 : 0))
        ) >"$BATS_TEST_TMPDIR/play-$i" 2>&1 3>&- 4>&- &
        plays+=($!)
    done
    for i in 0 1 2; do
        status=0
        wait "${plays[i]}" || status=$?
        if ((status == 10)); then
            held=$((held + 1))
        elif ((status != 0)); then
            cat "$BATS_TEST_TMPDIR/play-$i"
            return 1
        fi
    done
    did "played ready.talk against $1, three times"
    hint "whom could a server lose, that your script never asks for?"
    if ((held > 0)); then
        expected "some step of the script fails, each time"
        got "every step holds, $held times of 3"
        return 1
    fi
}
