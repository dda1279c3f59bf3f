load ../../lib/exercises

@test "a request that comes whole and alone is taken, by one read()" {
    hint "ask read() for as much as there is room for"
    drive whole
}

@test "the end of the connection is IO_END, a reset IO_FAILED" {
    hint "io_result() of lib/io.h turns what read() returned into what it means"
    drive end
    drive broken
}

# points: 2
@test "a head that comes in pieces is waited for" {
    hint "is there a blank line in all that has come? It may itself come in two pieces"
    drive pieces
    drive dribble
}

# points: 3
@test "of requests that come together each is taken, without a read()" {
    hint "look first what is left over, and read only if that is not enough"
    drive two
    drive three
}

# points: 1
@test "half a request is kept, and its other half put behind it" {
    hint "where does the next read() put its bytes, and how many of them fit?"
    drive half
    drive cut-off
}

# points: 1
@test "what follows a head are bytes: no string, and not always a request" {
    hint "only the first conn->len bytes count, and a zero among them is one of them"
    drive stale
    drive body
    drive zero
}

# points: 1
@test "a signal between two reads changes nothing" {
    hint "-1 with EINTR says that nothing was read and nothing is wrong"
    drive eintr
}

# points: 1
@test "when there is no more at the moment, what has come stays" {
    hint "conn->len counts what has come, whatever you return"
    drive not-yet
}

# points: 1
@test "a head may have 1024 bytes, and one that has more is IO_FAILED" {
    hint "a read() of 0 bytes says 0, but that is not the end of the connection"
    drive just-fits
    drive full
}
