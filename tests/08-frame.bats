# The state machine of lib/frame: command, stream id, length, data.
bats_require_minimum_version 1.8.0
load lib/servers

frame=$BUILD/tests/frame

@test "a frame is a command, a stream id and a length, big-endian, and data" {
    run -0 bash -c '"$1" 2 0x01020304 hello | od -An -tx1' bash "$frame"
    [ "$output" = ' 02 01 02 03 04 00 05 68 65 6c 6c 6f' ]
}

@test "frames are read one after the other, with data and without" {
    { "$frame" 4 0 v=2 && "$frame" 1 7 '' && "$frame" 2 7 hello; } >"$BATS_TEST_TMPDIR/frames"
    run -0 "$frame" <"$BATS_TEST_TMPDIR/frames"
    [ "${#lines[@]}" = 3 ]
    [[ ${lines[0]} = 'command 4 stream 0 length 3 data '*' end at 10' ]]
    [[ ${lines[1]} = 'command 1 stream 7 length 0 data '*' end at 17' ]]
    [[ ${lines[2]} = 'command 2 stream 7 length 5 data '*' end at 29' ]]
}

@test "a frame that is cut off is no frame, and the machine knows where it was" {
    local at states=(COMMAND STREAM_4 STREAM_3 STREAM_2 STREAM_1 LENGTH_2 LENGTH_1 DATA DATA)
    "$frame" 2 7 xy >"$BATS_TEST_TMPDIR/frame"
    for at in 1 2 3 4 5 6 7 8; do
        head -c "$at" "$BATS_TEST_TMPDIR/frame" >"$BATS_TEST_TMPDIR/cut"
        run -0 "$frame" <"$BATS_TEST_TMPDIR/cut"
        [[ $output = *"more, in ${states[at]}" && $output != *"end at"* ]]
    done
}

@test "what is encoded comes back, of every length; 65,536 bytes are refused; no cut changes it" {
    "$frame" check
}
