# builds: tests/exercises/09-oneshot/overtakes.c
load ../../lib/exercises

@test "each key has an answer, and there is a why" {
    all_filled level_overtake edge_overtake oneshot_told early_overtake
    as_given batches together
}

# points: 1
@test "how many overtake when the level is told" {
    hint "what A has read is gone; but what comes then is there, and B waits for it, too"
    holds level_overtake
}

# points: 1
@test "how many overtake when the edge is told" {
    hint "an edge is told to one, but the next edge may be told to another; and it is told once"
    holds edge_overtake
}

# points: 1
@test "how often anybody is told by EPOLLONESHOT" {
    hint "EPOLL_CTL_MOD looks again: if something is there, that is news"
    holds oneshot_told
}

# points: 1
@test "how many overtake a worker that has armed again too early" {
    hint "whose is the connection after EPOLL_CTL_MOD? And B arms it again, too"
    holds early_overtake
}

# holds KEY: the prediction is what is counted, exactly.
holds() {
    local counted batches together
    batches=$(given batches)
    together=$(given together)
    did "played it: while A thinks there come $batches times $together messages"
    limited 20 "$BUILD_DIR/overtakes" "$batches" "$together"
    if ((STATUS != 0)); then
        cat "$OUT" "$ERR"
        ended_as grader-error "the play was not played to its end"
        return 1
    fi
    counted=$(sed -n "s/^$1 = //p" "$OUT")
    near "$1" "$counted" 0
}
