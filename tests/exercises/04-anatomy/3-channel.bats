load ../../lib/exercises

@test "what goes in comes out, first in, first out" {
    hint "a ring has so many places as there is room: where is the oldest, how many are there?"
    drive order
}

# points: 1
@test "any pointer is an item, NULL, too" {
    hint "that there is nothing is told by the result, not by the item"
    drive null
}

# points: 2
@test "a giver that finds no room sleeps until there is some" {
    hint "while, not if; and whoever takes an item tells those who wait for room"
    drive full
}

# points: 2
@test "a taker that finds no item sleeps until there is one" {
    hint "between the wake-up and the lock somebody else may have taken it"
    drive empty
}

# points: 2
@test "two places wake two sleepers, and so do two items" {
    hint "the second item comes before anybody has woken up for the first: who is told of the second?"
    drive two-places
    drive two-items
}

# points: 2
@test "when the time is up it says so, and has slept until then" {
    hint "pthread_cond_timedwait() takes a moment, not a length of time; tv_nsec is less than 1 s"
    hint "by which clock does the condition variable go, and by which one was the moment counted?"
    hint "the moment is the same, however often somebody wakes up"
    drive time
    drive no-longer
}

# points: 2
@test "after the close nothing goes in, and what is in it comes out" {
    hint "channel_put() looks at it before anything else, channel_take() after"
    drive closed
}

# points: 2
@test "the close wakes all that sleep, for an item or for room" {
    hint "each of them has to hear it, and on both condition variables"
    drive takers-wake
    drive putters-wake
}

# points: 1
@test "among 4 producers and 4 workers each item comes out once" {
    hint "if all sleep: who was woken up, and was it somebody who could do something?"
    drive many
}

# points: 1
@test "channel_free() gives all of it back" {
    hint "also what is left in it"
    drive memory
}

# points: 1
@test "ThreadSanitizer has nothing to say of it" {
    build_for_tsan lib/error.c lib/clock.c
    hint "every look at what the lock guards needs the lock, also a quick one"
    drive many
    drive takers-wake
    drive putters-wake
}
