# builds: chapters/05-reactor/loop.c
# builds: chapters/05-reactor/handlers.c
# builds: chapters/05-reactor/edge.c
# builds: solutions/05-reactor/3-four-wrong-loops/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on each of three right servers" {
    local right
    for right in loop handlers edge; do
        play "$right"
        if ((STATUS != 0)); then
            got "it fails on a server that does nothing wrong"
            hint "build/$right -p 8000 is that server; play your script against it with -v"
            return 1
        fi
        stop_server
    done
}

# points: 2
@test "server 1 is caught" {
    catch server-1 \
        "what is owed may come twice. Is anything owed, and would your script see it?"
}

# points: 2
@test "server 2 is caught" {
    catch server-2 \
        "who comes while it is busy with somebody else? If they come one after the other, nobody"
}

# points: 2
@test "server 3 is caught" {
    catch server-3 \
        "a peer that ends its side may still be owed something; does anybody read it then?"
}

# points: 2
@test "server 4 is caught" {
    catch server-4 \
        "when a peer comes after one has left: is all that it hears meant for it?"
}

# play SERVER: the reader's script against it; sets STATUS.
play() {
    start_server "$BUILD_DIR/$1"
    did "played loop.talk against $1"
    limited 20 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/loop.talk"
    if ((STATUS > 1)); then
        cat "$ERR"
        tell_end "$STATUS" "$ERR" || got "this is not a script that talk understands"
        return 1
    fi
    [[ $STATUS = 0 ]] || cat "$OUT" "$ERR"
}

# catch SERVER HINT: the script must fail on it.
# A server that does not answer is waited for, but a second is enough here.
catch() {
    TIME_SCALE=$(LC_ALL=C awk "BEGIN { print $TIME_SCALE * 0.2 }")
    export TIME_SCALE
    play "$1"
    if [[ $STATUS = 0 ]]; then
        expected "some step of the script fails"
        got "every step holds"
        hint "$2"
        return 1
    fi
}
