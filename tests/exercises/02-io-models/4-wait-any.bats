load ../../lib/exercises

@test "the one that has bytes is told, and nothing is read from it" {
    hint "being ready is a matter of the descriptor; reading is the caller's"
    drive one
}

@test "it sleeps until one of them speaks" {
    hint "-1 milliseconds: for as long as it takes"
    drive sleeps
}

# points: 1
@test "of several that are ready the first in the list is told" {
    hint "epoll tells them in another order than yours; poll() leaves it to you"
    drive several
}

# points: 2
@test "the end is something that can be read" {
    hint "poll(2): what does a pipe say whose other end is closed? POLLIN?"
    drive end
}

# points: 1
@test "a negative number in the list is passed over" {
    hint "its place counts, so that the indices stay what they are"
    drive negative
}

# points: 2
@test "a descriptor that is not open is EBADF, at once" {
    hint "poll() returns, and says it in revents; epoll_ctl() says it itself, EINVAL for itself"
    hint "what number does epoll_create1() give, when one of the caller's has just become free?"
    drive closed
}

# points: 1
@test "when the time is up it says ETIMEDOUT, and has slept until then" {
    hint "one call, with all the time that is left; 0 from it is no index"
    drive deadline
}

# points: 3
@test "a signal neither ends the wait nor makes it longer" {
    hint "after EINTR: how much of the time is left?"
    drive signals
    drive signals-deadline
}

# points: 1
@test "of 2,000 descriptors the last one is told" {
    hint "an fd_set has 1,024 bits"
    drive many
}

# points: 1
@test "no descriptor is left open, and no memory is lost" {
    hint "on every way out"
    drive left
}
