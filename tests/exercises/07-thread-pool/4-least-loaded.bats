load ../../lib/exercises

@test "a dealer can be made and freed, and its first choice is worker 0" {
    hint "what the starter does right must stay right"
    drive first
}

# points: 3
@test "the one with the fewest tasks is chosen, and done is done" {
    hint "what counts is how many each one has now: done is one less"
    drive fewest
    drive fewer
}

# points: 3
@test "among those with equally few it goes round" {
    hint "which was chosen longest ago: what has to be remembered of each worker, and from when?"
    drive alone
    drive ties
}

# points: 3
@test "a worker that has as many as it may, or is away, is not chosen" {
    hint "leave out whom you may not choose before you look for the fewest, not after"
    drive full
    drive away
}

# points: 1
@test "20,000 calls by chance, as a slow and simple dealer says" {
    hint "make the others pass first"
    drive chance
    hint "a hundred workers, 70,000 choices, and another dealer beside: what is kept where?"
    drive many
}

# points: 1
@test "four threads at the same time: each choice is counted, once" {
    hint "to look for the best and to count it is one thing: nobody may come between"
    drive threads
}

# points: 1
@test "ThreadSanitizer has nothing to say of it" {
    build_for_tsan lib/error.c
    hint "every look at what the lock guards needs the lock, also one that is a single line"
    drive fewest
    drive calls
}
