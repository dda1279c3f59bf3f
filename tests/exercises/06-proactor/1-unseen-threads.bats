# builds: tests/exercises/06-proactor/threads.c
load ../../lib/exercises

@test "each key has an answer, and there is a why" {
    all_filled threads_few threads_many heard heard_then threads_one answered answered_dup
    as_given few many
}

# points: 1
@test "how many threads there are for few silent peers, and for many" {
    hint "a thread that waits for a silent peer can do nothing else; how many does glibc make?"
    holds threads_few
    holds threads_many
}

# points: 1
@test "who is heard, while twenty say nothing" {
    hint "whose request has been begun with? A thread that is free takes the next one"
    holds heard
    holds heard_then
}

# points: 1
@test "how many threads there are for many reads by one descriptor" {
    hint "a descriptor has a line of its own: a request is begun with when the one before is done"
    holds threads_one
}

# points: 1
@test "how many answers go out behind a read that waits" {
    hint "to glibc a descriptor made by dup() is another one"
    holds answered
    holds answered_dup
}

# holds KEY: the prediction is what is counted, exactly. It is played once, for all tests, and said
# once in each.
holds() {
    local few many counted=$BATS_FILE_TMPDIR/counted
    few=$(given few)
    many=$(given many)
    [[ ${SAID:-} ]] || did "played it: few = $few, many = $many"
    SAID=yes
    if [[ ! -e $counted ]]; then
        limited 30 "$BUILD_DIR/threads" "$few" "$many"
        if ((STATUS != 0)); then
            cat "$OUT" "$ERR"
            ended_as grader-error "the plays were not played to their end"
            return 1
        fi
        cp "$OUT" "$counted"
    fi
    near "$1" "$(sed -n "s/^$1 = //p" "$counted")" 0
}
