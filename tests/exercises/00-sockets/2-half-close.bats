load ../../lib/exercises

@test "a server that answers the first line is understood" {
    hint "first the whole question, then the answer; until it has come, its direction stays open"
    hint "the descriptor is the caller's: neither close() it, nor change its flags"
    drive one-line
    hint "write() may send a part of it, as when a signal comes; write_all() goes on"
    drive long-question
}

@test "a broken connection is reported as IO_FAILED, with its errno" {
    hint "-1 is not the end: IO_END is for a read() of 0"
    hint "errno is right if no call comes between the one that failed and your return"
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
    drive long
}

# points: 1
@test "an answer that fills the room is IO_DATA, a shorter one IO_END" {
    hint "whoever gets IO_DATA knows that there may be more"
    drive room-is-full
    drive complete
    hint "an answer of no bytes is an answer, too: the server has ended"
    drive empty
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
