load ../../lib/exercises

@test "what was asked for is done, and then done is called" {
    hint "asking returns at once; the thread in proactor_run() is told of it by the kernel"
    drive read
    drive write
}

# points: 1
@test "the end is a result, and so is an error" {
    hint "0 from read() is the peer's end; -1 is told as -errno"
    drive results
}

# points: 2
@test "forty silent peers hold nobody up, and take no thread" {
    hint "a thread that waits for one peer can do nothing else: wait for all of them, in one call"
    drive silent
}

# points: 2
@test "a write is done when all of it is written" {
    hint "write() says how many bytes it has taken: the others have to wait until there is room"
    drive short
    drive full
}

# points: 2
@test "one thread reads and writes, and workers are told" {
    hint "asking only says what is to be done, even when it could be done at once"
    drive who
}

# points: 2
@test "a worker that thinks holds up neither other workers nor reading" {
    hint "which lock does a worker hold while it is in done?"
    drive thinks
}

# points: 1
@test "each request is told once, and unasked nothing is read" {
    hint "what has been told must not stay on the list: EPOLLHUP is told of all that are"
    drive once
}

# points: 1
@test "in done the operation is its owner's, who may use it anew" {
    hint "what you need of it afterwards has to be read before"
    drive gone
    drive many
}

# points: 1
@test "told to stop, it returns when its workers have ended" {
    hint "a thread that sleeps has to be woken up, one that is in done has to be waited for"
    drive stop
    drive stop-other
    drive stop-within
}
