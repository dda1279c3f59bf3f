load ../../lib/exercises

# The hints are the driver's: it knows what was wrong.

@test "what the kernel takes at once comes back at once" {
    drive whole
}

@test "it is over when the other end has ended, or the connection breaks" {
    drive the-end
    drive broken
}

@test "peer_end() closes the descriptor, and gives the memory back" {
    drive end
}

# points: 3
@test "after a short write the rest follows, from where it stopped" {
    drive short
    drive more-comes
}

# points: 2
@test "what the kernel does not take at all is kept" {
    drive nothing
    drive signal
}

# points: 2
@test "it is watched for what it waits for, and for nothing else" {
    drive interest
}

# points: 1
@test "it reads once, and without room it is not watched for more" {
    drive once
    drive full
}

# points: 1
@test "a peer that has ended still gets what it is owed" {
    drive last
    drive late
}

# points: 1
@test "a million bytes come back from a socket with little room" {
    drive many
}
