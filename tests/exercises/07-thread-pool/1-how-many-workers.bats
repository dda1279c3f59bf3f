# builds: tests/exercises/07-thread-pool/in-steps.c
load ../../lib/exercises

# What a prediction may be off by: tasks done in a second, tasks in the queue, ms. The wrong ideas
# are off by 200, by 100, by 500, or by much more.
OF_DONE=30
OF_WAITING=10
OF_MS=60

@test "each key has an answer, and there is a why" {
    all_filled needed done_with_twice waiting last_waits_ms done_computing busiest_ms idlest_ms
    as_given a_second few cpus long_every
}

# points: 1
@test "how many workers the waits need, and what more of them bring" {
    hint "a worker does 200 waits of 5 ms in a second; and no more is done than has come"
    hold needed 0 done_with_twice $OF_DONE
}

# points: 1
@test "what becomes of the queue where there are too few" {
    hint "what comes and is not taken lies there, and is then taken as fast as before"
    hold waiting $OF_WAITING last_waits_ms $OF_MS
}

# points: 1
@test "what as many workers do if each task computes" {
    hint "a task that waits needs no CPU, one that computes needs one to itself"
    hold done_computing $OF_DONE
}

# points: 1
@test "how uneven the work is that is dealt out in turn" {
    hint "tasks 0, 4, 8 … are the first worker's. Which of them are long?"
    hold busiest_ms 0 idlest_ms 0
}

# hold KEY TOLERANCE...: the predictions are what comes out of the plays.
hold() {
    local value
    did "played it: $(given a_second) tasks a second, $(given few) workers, $(given cpus) CPUs," \
        "every $(given long_every)th task long"
    limited 20 "$BUILD_DIR/in-steps" "$(given a_second)" "$(given few)" "$(given cpus)" \
        "$(given long_every)"
    if ((STATUS != 0)); then
        cat "$OUT" "$ERR"
        ended_as grader-error "the play was not played to its end"
        return 1
    fi
    while (($#)); do
        value=$(sed -n "s/^$1 = //p" "$OUT")
        near "$1" "$value" "$2" || return 1
        shift 2
    done
}
