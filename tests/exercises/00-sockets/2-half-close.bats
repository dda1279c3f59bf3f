load ../../lib/exercises

@test "a server that answers the first line is understood" {
    hint "the question must be sent whole before the answer is read"
    drive one-line
}

@test "a broken connection is reported as IO_FAILED, with its errno" {
    hint "any call between read() and your return may change errno"
    drive broken
    drive gone
}

# points: 4
@test "a server that waits for the end of the question sees it" {
    hint "one call ends the stream to the server; the direction of the answer must stay open"
    drive at-the-end
}

# points: 3
@test "an answer in pieces is read to its end" {
    hint "one read() is what has come so far; the answer ends when read() returns 0"
    drive in-pieces
}

# points: 1
@test "an answer that fills the room is IO_DATA, a shorter one IO_END" {
    hint "whoever gets IO_DATA knows that there may be more"
    drive room-is-full
    drive complete
}

# points: 1
@test "an answer cut off by a reset is no answer" {
    hint "0 is the end, -1 is not"
    drive cut-off
}

# points: 1
@test "a signal while it waits does not end the answer" {
    hint "-1 with EINTR says that nothing was read and nothing is wrong"
    drive signals
}
