load ../../lib/exercises

@test "a timer is told when its moment has come, once" {
    hint "the clock is the caller's: what counts is the now that you are given"
    drive one
}

# points: 2
@test "several are told in the order of their moments" {
    hint "in which order they were set says nothing"
    drive order
    drive same
}

# points: 2
@test "a timer that is set again is moved, and told once" {
    hint "where it was in the order is not where it belongs now"
    drive move
    drive chance
}

# points: 1
@test "a timer that was cleared is not told, and can be set again" {
    hint "it may lie at the beginning, in the middle, at the end, or not at all"
    drive clear
}

# points: 2
@test "how long epoll_wait() may sleep is rounded up, and never more" {
    hint "0.3 ms are 1 ms: with 0 the loop would come back at once, and again, until it is time"
    drive left
}

# points: 2
@test "who sets itself again at once is told next time, and not before" {
    hint "whom you tell is settled before you tell the first"
    drive again
}

# points: 2
@test "who is cleared by another one, while both are due, is not told" {
    hint "what was due when you began may not be set any more when its turn has come"
    drive clears-others
}

# points: 1
@test "an owner that is told may give its memory back" {
    hint "when expired() has returned, there may be no timer any more: do first what is to be done"
    drive gone
}
