load ../../lib/exercises

@test "a request that comes whole and alone is taken, by one read()" {
    hint "ask read() for as much as there is room for"
    drive whole
}

@test "the end of the connection is IO_END, a reset IO_FAILED" {
    play end "read() of 0 bytes is the end, and no failure: see io_result() of lib/io.h"
    play broken "errno is the caller's to look at: leave it as read() set it"
}

# points: 2
@test "a head that comes in pieces is waited for" {
    play pieces "is there a blank line in all that has come? It may itself come in two pieces"
    play dribble "what has come is conn->len bytes, and each read() puts its own behind them"
}

# points: 3
@test "of requests that come together each is taken, without a read()" {
    play two "look first what is left over, and read only if that is not enough"
    play three "what is left over moves to the front: all of it, and no more than that"
}

# points: 1
@test "half a request is kept, and its other half put behind it" {
    play half "where does the next read() put its bytes, and how many of them fit?"
    play cut-off "the end makes no head of half a one; what has come stays in conn->buf"
}

# points: 1
@test "what follows a head are bytes: no string, and not always a request" {
    play stale "only the first conn->len bytes count; behind them lies what was there before"
    play body "it returns the head alone; what follows stays as it is, whatever it looks like"
    play zero "a zero is a byte like others: memmem() and memcpy(), no str functions"
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
    play just-fits "look for the blank line before you look whether there is room"
    play full "a read() of 0 bytes says 0, but that is not the end of the connection"
}

# play SCENARIO HINT: the hint is for this one alone.
play() {
    local story=$BATS_TEST_TMPDIR/story
    drive "$1" >"$story" || {
        hint "$2"
        cat "$story"
        return 1
    }
}
