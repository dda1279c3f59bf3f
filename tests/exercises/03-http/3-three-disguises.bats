# builds: chapters/03-http/serve-one.c
# builds: solutions/03-http/3-three-disguises/wrong/*.patch
load ../../lib/exercises

@test "every step of the script holds on a right server, time and again" {
    hint "build/serve-one -p 8000 -d build/www/site is a right server; play your script with -v"
    for _ in 1 2 3; do
        play serve-one
        [[ $STATUS = 0 ]] || got "it fails on a server that does nothing wrong"
        ((STATUS == 0))
        stop_server
    done
}

# points: 3
@test "server 1 is caught" {
    catch server-1 "where can its guard stand, and what does the target look like there?"
}

# points: 3
@test "server 2 is caught" {
    catch server-2 "how often can a target be decoded, and when does the guard look?"
}

# points: 3
@test "server 3 is caught" {
    catch server-3 "when does a file lie below a folder, and when does its path only look so?"
}

# play SERVER: the reader's script against it; sets STATUS.
play() {
    "$EXERCISE/make-site" "$BATS_TEST_TMPDIR/www"
    start_server "$BUILD_DIR/$1" -d "$BATS_TEST_TMPDIR/www/site"
    did "played paths.talk against $1"
    limited 15 "$BUILD/tests/talk" -b "$ADDRESS" -p "$PORT" "$SUBMISSION/paths.talk"
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
    [[ $STATUS != 0 ]] || {
        hint "$2"
        expected "some step of the script fails"
        got "every step holds"
        return 1
    }
}
