# builds: chapters/04-anatomy/bounded-queue.c
load ../../lib/exercises
load 1-who-sleeps

# Milliseconds that a prediction may be off: of the whole run, of the longest wait. The wrong ideas
# are off by 500, and by 160 and more.
TOLERANCE=250
TOLERANCE_OF_WAIT=90

@test "each key has an answer, and there is a why" {
    all_filled producers_asleep workers_asleep done_ms longest_wait_ms done_twice_ms \
        longest_wait_twice_ms
    as_given room
}

# points: 1
@test "who sleeps while the queue is full" {
    hint "whoever finds no room sleeps; whoever finds something to take does not"
    hold producers_asleep 0 workers_asleep 0
}

# points: 1
@test "how long all 100 requests take" {
    hint "how many requests leave the queue in a second, at most?"
    hold done_ms $TOLERANCE
}

# points: 1
@test "how long a request lies in the queue, at most" {
    hint "how many are before it, and how often does one of them leave?"
    hold longest_wait_ms $TOLERANCE_OF_WAIT
}

# points: 1
@test "what changes with twice the room" {
    hint "who is as slow as before: the producers, the workers, or the queue?"
    hold done_twice_ms $TOLERANCE longest_wait_twice_ms $TOLERANCE_OF_WAIT
}
