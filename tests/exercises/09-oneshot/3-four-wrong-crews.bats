# builds: chapters/09-oneshot/oneshot.c
# builds: chapters/05-reactor/loop.c
# builds: solutions/09-oneshot/3-four-wrong-crews/right/*.patch
# builds: solutions/09-oneshot/3-four-wrong-crews/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on each of three right servers" {
    local right
    for right in oneshot loop; do
        hint "build/$right -p 8000 is a right server; play your script against it with -v"
        play "$right"
        [[ $STATUS = 0 ]] || got "it fails on a server that does nothing wrong"
        ((STATUS == 0))
        stop_server
    done
    play_in_haste thinks
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

# play_in_haste SERVER [OPTION...]: a right one that is slow, with little more time than the wrong
# ones get. Of a busy machine it is asked twice.
play_in_haste() {
    local scale
    scale=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.3 }")
    hint "a slow server does nothing wrong: ask for less, so that each step takes less than a second"
    for _ in 1 2; do
        TIME_SCALE=$scale play "$@"
        dismiss
        ((STATUS != 0)) || return 0
    done
    got "it fails on a right server that is slow: there, a step takes more than a second"
    return 1
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
