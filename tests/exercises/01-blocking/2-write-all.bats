load ../../lib/exercises

@test "what one write() takes whole is written by one write()" {
    hint "count what has been written, and stop when it is len"
    drive whole
    hint "of what is left offer all: the kernel knows how much it can take"
    drive large
}

@test "a write() that says EAGAIN at once is reported as IO_NOT_YET" {
    hint "io_result() of lib/io.h turns what write() returned into what it means"
    hint "EAGAIN: do not ask again yourself; return, the caller goes on later"
    drive full-at-once
}

@test "a broken connection is reported as IO_FAILED, with its errno" {
    hint "any call between write() and your return may change errno"
    drive broken
}

# points: 1
@test "when there is nothing to write, all of it is written at once" {
    hint "does your loop look before it writes?"
    drive nothing
}

# points: 3
@test "after a short write the rest follows, from where it stopped" {
    hint "two things change after each write(): where the rest begins, and how long it is"
    drive short-write
    drive dribble
}

# points: 2
@test "a signal between two writes changes nothing" {
    hint "-1 with EINTR says that nothing was written and nothing is wrong"
    drive eintr
    drive eintr-between
}

# points: 2
@test "when the descriptor takes no more, put says how far it came" {
    hint "the caller goes on at buf + *put: set it on every way out"
    hint "EAGAIN: do not ask again yourself; return, the caller goes on later"
    drive full
}

# points: 1
@test "when the connection breaks half way, put says how far it came" {
    hint "the caller goes on at buf + *put: set it on every way out"
    drive reset
}

# points: 1
@test "a million bytes reach a slow reader between a thousand signals" {
    hint "the kernel itself returns short writes here; make the others pass first"
    drive signals
}
