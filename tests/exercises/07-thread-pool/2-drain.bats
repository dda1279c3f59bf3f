load ../../lib/exercises

@test "it runs what it takes, in the order in which it came" {
    hint "what the starter does right must stay right"
    drive before
    hint "when a task is run it is its owner's again: touch it no more"
    drive once-more
    drive vanish
}

# points: 3
@test "what waits when the end is told is done before pool_stop() returns" {
    hint "true of pool_submit() is a promise. When may a worker that has been told to stop do so?"
    drive waiting
    drive rounds
}

# points: 2
@test "what has begun is waited for" {
    hint "a task that is being run is not in the queue, and not done either: pthread_join(3)"
    drive begun
}

# points: 2
@test "workers that sleep wake up and end, each of them" {
    hint "a thread asleep in pthread_cond_wait() sees no flag change: somebody must signal"
    drive asleep
    hint "one worker woken for a task, and none for the next, leaves the other asleep"
    drive both
    hint "pthread_cond_wait() may return for nothing: look again"
    drive in-vain
}

# points: 2
@test "from when the end is told no task is taken, by nobody" {
    hint "first the door, then the rest of the work: else the work may never end"
    drive refused
}

# points: 1
@test "ThreadSanitizer has nothing to say of it" {
    build_for_tsan lib/error.c lib/clock.c
    hint "every look at what several threads change needs the lock, also at a flag"
    drive rounds
    drive refused
}
