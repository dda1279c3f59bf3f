load lib/servers
teardown() { end_servers; }

models=(single-process process-per-connection thread-per-connection select poll epoll)

# meet N: opens N connections, in PEERS, each of which has been answered.
meet() {
    local peer
    PEERS=()
    while ((${#PEERS[@]} < $1)); do
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'hello\n' >&"$peer"
        read -rt 10 -u "$peer"
        [ "$REPLY" = hello ]
        PEERS+=("$peer")
    done
}

leave() {
    local peer
    for peer in "${PEERS[@]}"; do exec {peer}>&-; done
}

processes_are() {
    local found
    found=$(process_tree "$SERVER")
    [[ $(wc -l <<<"$found") = "$1" ]]
}

threads_are() {
    [[ $(thread_count "$SERVER") = "$1" ]]
}

# measure [OPTION...]: runs load against the server and puts what it wrote with -o into V.
measure() {
    declare -gA V=()
    local key value
    run timeout 30 "$BUILD/10-webbench/load" -q -o "$BATS_TEST_TMPDIR/values" "$@" "$ADDRESS" "$PORT"
    cat "$BATS_TEST_TMPDIR/values"
    while IFS='=' read -r key value; do V[$key]=$value; done <"$BATS_TEST_TMPDIR/values"
}

# measure_until EXPRESSION [OPTION...]: for longer and longer, until the expression is true: on a busy
# machine some clients may wait for long.
measure_until() {
    local seconds
    for seconds in 0.1 0.5 3 9; do
        measure -t "$seconds" "${@:2}"
        ! (($1)) || return 0
    done
    echo "never true: $1"
    return 1
}

# ---- who waits for whom ----

@test "of 20 clients that stay single-process answers one, and every other model all" {
    local model
    for model in "${models[@]}"; do
        start_server "11-models/$model"
        if [[ $model = single-process ]]; then
            measure_until 'V[answered] > 0 && V[in_flight] == 20' -c 20
            ((V[answered] == 1 && V[fewest] == 0 && V[in_flight] == 20))
        else
            measure_until 'V[answered] == 20 && V[fewest] > 0' -c 20
        fi
        ((V[failures] == 0 && V[in_flight] <= 20))
        stop_server
    done
}

@test "clients that only visit are all answered by every model, and none of them fails" {
    local model
    for model in "${models[@]}"; do
        start_server "11-models/$model"
        measure_until 'V[answered] == 20' -c 20 --visits
        ((V[failures] == 0))
        stop_server
    done
}

@test "single-process serves in the order of arrival: the third waits for the second" {
    start_server 11-models/single-process
    talk <<<'A connect
             B connect
             C connect
             C send "c"
             B send "b"
             all silent 200ms
             A close
             B recv "b"
             C silent 200ms
             B close
             C recv "c"'
}

@test "a client in the middle of a message keeps no other waiting, in all models but single-process" {
    local model
    for model in "${models[@]:1}"; do
        start_server "11-models/$model"
        talk <<<'A connect
                 A send "half a li"
                 A recv "half a li"
                 B connect
                 B send "hello\n"
                 B recv "hello\n"
                 A send "ne\n"
                 A recv "ne\n"'
    done
}

# ---- what there is one of for each client ----

@test "process-per-connection has a process for each client, and none when they have left" {
    start_server 11-models/process-per-connection
    processes_are 1
    meet 5
    processes_are 6
    leave
    poll_until 5 processes_are 1
    stop_server
}

@test "children are reaped even when many end at once: not a zombie stays" {
    start_server 11-models/process-per-connection
    talk <<<'A*200 connect
             A send "x"
             A recv "x"
             A reset'
    poll_until 5 processes_are 1
    stop_server
}

@test "the CPU time of children that have ended is the server's" {
    local FIELDS
    children_have_used_time() {
        measure -c 10 -t 0.3 --visits
        process_fields "$SERVER"
        ((FIELDS[13] + FIELDS[14] > 0)) # cutime and cstime, which are 0 if SIGCHLD is ignored
    }
    start_server 11-models/process-per-connection
    poll_until 20 children_have_used_time
    stop_server
}

@test "process-per-connection tells its children to stop, and waits for them" {
    start_server 11-models/process-per-connection
    meet 20
    processes_are 21
    stop_server # which fails if a process is left
}

# An end to processes and threads, which Linux counts alike. The limit is one of users, and does
# not hold for root, who therefore becomes another.
sends_away_when_full() {
    local drop=()
    if ((EUID == 0)); then drop=(setpriv --reuid=54321 --regid=54321 --clear-groups); fi
    LISTEN="${drop[*]:1} $BUILD/11-models/$1 -p 0" start_server "$(command -v "${drop[0]:-env}")"
    meet 1
    "${drop[@]}" prlimit --pid "$SERVER" --nproc=1:
    talk <<<'A connect
             A end'
    "${drop[@]}" prlimit --pid "$SERVER" --nproc=1000:
    printf 'still here\n' >&"${PEERS[0]}"
    read -rt 10 -u "${PEERS[0]}"
    [ "$REPLY" = "still here" ]
    meet 1
    run -0 cat "$SERVER_ERR"
    [ "$output" = "$1: $2: Resource temporarily unavailable (EAGAIN)" ]
    stop_server
}

@test "without another process to be had the client is sent away, and those already there stay" {
    sends_away_when_full process-per-connection fork
}

@test "without another thread to be had the client is sent away, and those already there stay" {
    sends_away_when_full thread-per-connection pthread_create
}

@test "thread-per-connection has a thread for each client in one process, and none when they have left" {
    local with_one
    start_server 11-models/thread-per-connection
    meet 1
    with_one=$(thread_count "$SERVER") # a sanitizer may have one, too
    meet 5
    threads_are $((with_one + 5))
    processes_are 1
    leave
    poll_until 5 threads_are "$with_one"
    stop_server
}

@test "select, poll and epoll serve all in one process and one thread" {
    local model before
    for model in select poll epoll; do
        start_server "11-models/$model"
        before=$(thread_count "$SERVER")
        meet 20
        processes_are 1
        threads_are "$before"
        stop_server
    done
}

# ---- select and its set ----

@test "select has room for the descriptors below 1,024, says so once and sends the others away" {
    local room seconds
    start_server 11-models/select
    room=$((1024 - $(descriptor_count "$SERVER")))
    for seconds in 0.3 1 3 9; do
        measure -c 1100 -t "$seconds"
        poll_until 20 descriptors_are "$SERVER" $((1024 - room))
        ((V[answered] + V[failures] < 1100)) || break
    done
    ((V[answered] == room && V[failures] == 1100 - room))
    ((V[failures] == V[closed_early] + V[reset]))
    run -0 cat "$SERVER_ERR"
    [ "$output" = "select: descriptor 1024 is beyond FD_SETSIZE: closed, as all such will be" ]
    talk <<<'A connect
             A send "room again\n"
             A recv "room again\n"'
    stop_server
}

@test "poll and epoll have room for more" {
    local model
    for model in poll epoll; do
        start_server "11-models/$model"
        measure_until 'V[answered] == 1100' -c 1100
        ((V[failures] == 0))
        stop_server
    done
}
