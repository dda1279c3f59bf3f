load ../../lib/exercises

# The hints are the driver's: it knows what was wrong.

@test "what is answered or lost in the window is counted, once" {
    drive answered
}

@test "an answer in pieces is one, and one piece may be several" {
    drive pieces
}

@test "a client that has ended gives its memory back" {
    drive memory
}

# points: 2
@test "what is unanswered when time is up is in flight, and no failure" {
    drive unanswered
}

# points: 2
@test "an answer after the window is late, and no response" {
    drive late
}

# points: 1
@test "half an answer is none: its request is in flight" {
    drive half
}

# points: 2
@test "a connection that breaks loses all that was on its way" {
    drive pipeline
}

# points: 1
@test "what breaks after the window was in flight, and has not failed" {
    drive breaks-late
}

# points: 1
@test "the window begins and ends for all at the same moment" {
    drive window
}

# points: 1
@test "in 1,000 runs by chance every figure is right" {
    drive chance
}
