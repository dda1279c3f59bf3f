# builds: tests/exercises/02-io-models/wake-ups.c
load ../../lib/exercises

@test "each key has an answer, and there is a why" {
    all_filled blocking_sleeps poll_sleeps poll_returns busy_returns
    as_given messages parts
}

# points: 1
@test "how often blocking read() sleeps" {
    hint "it sleeps for one peer; what do the other two do meanwhile?"
    holds blocking_sleeps
}

# points: 1
@test "how often poll() sleeps" {
    hint "whenever it sleeps one peer, the next in the order, sends one message"
    holds poll_sleeps
}

# points: 1
@test "how often poll() returns" {
    hint "what one read() has left is still there when poll() is called again"
    holds poll_returns
}

# points: 1
@test "how often poll() returns to a process that was busy meanwhile" {
    hint "one return reports all that are ready; but one read() of each takes only a part"
    holds busy_returns
}

# holds KEY: the prediction is what is counted, exactly.
holds() {
    local counted messages parts
    messages=$(given messages)
    parts=$(given parts)
    did "played it: each peer sends $messages messages, and each takes $parts reads"
    limited 20 "$BUILD_DIR/wake-ups" "$messages" "$parts"
    if ((STATUS != 0)); then
        cat "$OUT" "$ERR"
        ended_as grader-error "the play was not played to its end"
        return 1
    fi
    counted=$(sed -n "s/^$1 = //p" "$OUT")
    near "$1" "$counted" 0
}
