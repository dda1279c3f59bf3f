load ../../lib/exercises

# The hints are the driver's: it knows what was wrong.

@test "what is said comes back, one part after the other" {
    drive comes-back
}

@test "an operation that is over has given its memory back" {
    drive memory
}

# points: 2
@test "a buffer that is on the way is left alone until that is done" {
    drive both
}

# points: 1
@test "there is room for two parts: one can come while another goes" {
    drive window
}

# points: 2
@test "of a part that was sent in part the rest is asked for" {
    drive short
}

# points: 1
@test "EINTR and EAGAIN are no end: nothing was done" {
    drive signal
}

# points: 1
@test "it is over when nothing is owed, and nothing is on the way" {
    drive owed-at-the-end
    drive breaks
}

# points: 1
@test "told to stop, it asks for no more, and sends what has come" {
    drive stop
}

# points: 1
@test "500 plays by chance come to a good end" {
    drive chance
}

# points: 1
@test "on a ring of the kernel a million bytes come back" {
    local refusal
    refusal=$("$BUILD/lib/probe" 2>&1) || skip "this kernel gives us no ring: ${refusal#probe: }"
    drive real
    drive real-stop
}
