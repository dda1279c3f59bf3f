# builds: tests/exercises/05-reactor/told.c
load ../../lib/exercises

@test "each key has an answer, and there is a why" {
    all_filled level_returns edge_reads busy_reads left_unread
    as_given messages parts
}

# points: 1
@test "how often level triggered epoll_wait() tells of something" {
    hint "what one read() has left is still there when epoll_wait() is called again"
    holds level_returns
}

# points: 1
@test "how many calls of read() the edge takes, until EAGAIN" {
    hint "the read() that says EAGAIN is a call, too; how often is there one?"
    holds edge_reads
}

# points: 1
@test "how many they are for a process that was busy meanwhile" {
    hint "what has come before it looks is one piece of news, however many messages it was"
    holds busy_reads
}

# points: 1
@test "how much is left unread by one read() for each edge" {
    hint "an edge comes with each message, and one read() takes one part"
    holds left_unread
}

# holds KEY: the prediction is what is counted, exactly.
holds() {
    local counted messages parts
    messages=$(given messages)
    parts=$(given parts)
    did "played it: the peer sends $messages messages, and each takes $parts times read()"
    limited 20 "$BUILD_DIR/told" "$messages" "$parts"
    if ((STATUS != 0)); then
        cat "$OUT" "$ERR"
        ended_as grader-error "the play was not played to its end"
        return 1
    fi
    counted=$(sed -n "s/^$1 = //p" "$OUT")
    near "$1" "$counted" 0
}
