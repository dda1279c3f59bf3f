# builds: chapters/00-sockets/backlog.c
load ../../lib/exercises

# Milliseconds that gets_in_ms may be off. The wrong ideas are off by 500 and more.
TOLERANCE=300

@test "each key has an answer, and there is a why" {
    all_filled connected sent_bytes gets_in_ms
    as_given backlog
}

# points: 2
@test "how many clients are connected although nobody accepts" {
    hint "who completes the handshake: the server's program, or its kernel?"
    measure
    near connected "$(grep -c 'connected, has sent' "$BATS_FILE_TMPDIR/measured")" 0
}

# points: 1
@test "how many bytes a client can send before it is accepted" {
    hint "where do bytes go that nobody has asked for yet?"
    measure
    near sent_bytes "$(sed -n 's/^client 1: .* sent \([0-9]*\) bytes.*/\1/p' "$BATS_FILE_TMPDIR/measured")" \
        0
}

# points: 1
@test "when the client that hangs gets in" {
    local seconds measured
    hint "who must do something, once there is room, and when does it?"
    measure
    seconds=$(sed -n 's/.*connected \([0-9]*\.[0-9]\) s after.*/\1/p' "$BATS_FILE_TMPDIR/measured")
    measured=${seconds/./}00
    measured=$((10#$measured))
    near gets_in_ms "$measured" "$TOLERANCE"
}

# measure: runs the program once, for all tests.
measure() {
    did "ran backlog $(given backlog)"
    [[ -s $BATS_FILE_TMPDIR/measured ]] ||
        limited 20 "$BUILD_DIR/backlog" "$(given backlog)"
    [[ -s $BATS_FILE_TMPDIR/measured ]] || cp "$OUT" "$BATS_FILE_TMPDIR/measured"
}
