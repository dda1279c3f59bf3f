load ../../lib/exercises

@test "lines that have come are heard, in order, with their numbers" {
    hint "what the starter does right must stay right"
    drive whole
    drive three-at-once
}

@test "a peer that has ended, or cannot be watched, leaves nothing behind" {
    hint "what the starter does right must stay right: close() and free(), and no arming"
    drive end
    drive reset
    drive cannot
}

@test "while it is being served nobody else is told of it" {
    hint "as soon as it is armed it is another's: what is still to be done by then?"
    hint "EPOLL_CTL_MOD sets all of events anew: EPOLLONESHOT is no property that stays"
    drive alone
}

# points: 2
@test "when it has been served it is told again" {
    hint "what has come meanwhile is not lost: EPOLL_CTL_MOD looks again"
    hint "the descriptor is still on the list, disarmed; to arm it is to change what is there"
    drive one-by-one
    drive meanwhile
}

# points: 2
@test "half a line is kept, and its other half is told" {
    hint "nothing to be heard is not nothing to be waited for"
    drive half
    hint "each peer has a number and half a line of its own"
    drive two
}

# points: 2
@test "a peer told in vain, or interrupted, is told again" {
    hint "every way out of serve() gives the peer back, or ends it"
    drive in-vain
    did "(its first and its third read() are interrupted)"
    FAULTS=read:EINTR@1,read:EINTR@3,recv:EINTR@1,recv:EINTR@3 drive half
}

# points: 4
@test "a peer quicker than epoll_ctl() finds all in its place" {
    hint "when epoll_ctl() returns, others may have served the peer, or ended it, long since"
    hint "what does the next one need to know? It has to be in the struct before"
    drive quicker
    drive at-once
}
