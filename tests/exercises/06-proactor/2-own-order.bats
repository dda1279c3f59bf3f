load ../../lib/exercises

@test "what is done in the order in which it was asked for goes out" {
    hint "what the starter does right must stay right"
    drive in-order
    drive one
}

# points: 3
@test "what is done in another order goes out in that of the file" {
    hint "what says whose result it is? And what comes before its turn has to wait"
    drive turned
}

# points: 2
@test "of a piece that came short the rest is asked for" {
    hint "what is missing lies behind what has come, in the file and in the buffer"
    drive short
}

# points: 2
@test "as much is under way as may be, in whatever order it is done" {
    hint "a piece that has gone out has left its place to another; and one result may free several"
    drive window
}

# points: 2
@test "after a failure it returns when nothing is under way any more" {
    hint "the others still write into the buffers, and would be told as done to the next caller"
    drive fails
}

# points: 1
@test "500 files by chance come out as they are" {
    hint "make the others pass first"
    drive chance
}
