load ../../lib/exercises

@test "what the kernel takes at once comes back at once" {
    hint "what the starter does right must stay right"
    drive whole
}

@test "it is over when the other end has ended, or the connection breaks" {
    hint "what the starter does right must stay right"
    drive the-end
    drive broken
}

# points: 3
@test "after a short write the rest follows, from where it stopped" {
    hint "what write() returns is how many bytes were taken: the others are still owed"
    drive short
    drive more-comes
}

# points: 2
@test "what the kernel does not take at all is kept" {
    hint "-1 is not always the end: EAGAIN and EINTR say that nothing was taken"
    hint "who tries again until it works holds up all the others"
    drive nothing
    drive signal
}

# points: 2
@test "it is watched for what it waits for, and for nothing else" {
    hint "a socket is nearly always writable: who asks for that always, never sleeps"
    drive interest
}

# points: 1
@test "without room for more it is not watched for more" {
    hint "what is told and cannot be done is told again, at once; so do not ask for it"
    drive full
}

# points: 1
@test "a peer that has ended still gets what it is owed" {
    hint "read() said 0: nothing will come. What is owed has still to go"
    drive last
}

# points: 1
@test "a million bytes come back from a socket with little room" {
    hint "the kernel itself takes a part, or nothing; make the others pass first"
    drive many
}
