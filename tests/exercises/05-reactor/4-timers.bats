load ../../lib/exercises

# The hints are the driver's, which knows what was wrong; but for one, for there it may crash.

@test "a timer is told when its moment has come, once" {
    drive one
}

# points: 2
@test "several are told in the order of their moments" {
    drive order
    drive same
    drive early
    drive many
}

# points: 2
@test "a timer that is set again is moved, and told once" {
    drive move
    drive chance
}

# points: 1
@test "a timer that was cleared is not told, and can be set again" {
    drive clear
}

# points: 2
@test "how long epoll_wait() may sleep is rounded up, and never more" {
    drive left
    drive inside
}

# points: 2
@test "a timer set again by its own handler is told next time, not before" {
    drive again
}

# points: 2
@test "a timer cleared by another, while both are due, is not told" {
    drive clears-others
}

# points: 1
@test "an owner that is told may give its memory back" {
    drive gone || {
        hint "when expired() has returned, there may be no timer any more: do first what is to be done"
        return 1
    }
    drive free
}
