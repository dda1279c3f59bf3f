load ../../lib/exercises

@test "what has come before is taken at once, and all is done at the end" {
    hint "what the starter does right must stay right"
    drive before
}

@test "a thread that sleeps is woken up, for what it sleeps for" {
    hint "what the starter does right must stay right"
    drive asleep
}

@test "a thread that is woken up without a reason sleeps on" {
    hint "pthread_cond_wait(3): spurious wakeups may occur; so it stands in a while, not an if"
    drive for-nothing
}

@test "a thread with nothing to do sleeps, and does not look now and then" {
    hint "a wake-up that is lost is not mended by waking up every 10 ms"
    drive quiet
}

# points: 4
@test "work that comes between a look and a sleep wakes the worker" {
    hint "what does the worker hold from its look until it sleeps? Whoever has that, too, is alone"
    hint "atomic variables do not help: a signal while nobody sleeps yet is gone"
    drive worst-moment
    drive before-the-lock
    hint "to change what others look at, a thread must hold the lock"
    drive changes-with-the-lock
}

# points: 2
@test "an end that comes between a look and a sleep is heard" {
    hint "finish_work() changes what somebody sleeps for, too"
    drive worst-end
    drive end-before-the-lock
    drive ends-with-the-lock
}

# points: 2
@test "one bring_work(3) wakes three workers" {
    hint "pthread_cond_signal() wakes one thread, and bring_work() is called once"
    drive three
}

# points: 1
@test "each wake-up reaches a thread that sleeps for just that" {
    hint "who is woken by pthread_cond_signal(), if some sleep for work and one for the end?"
    drive others
    drive others-first
}

# points: 1
@test "in 200 rounds nobody sleeps on, and all done means done" {
    hint "make the others pass first"
    drive rounds
}
