# 10-processes.bats - webbench, the classic: its clients are processes, and it comes to an end whatever
# becomes of them.

load lib/servers
teardown() { end_servers; }

# webbench_in_background OPTION...: starts it, sets $pid, and returns when all of its 20 clients are there.
# What it says goes to the file $report.
webbench_in_background() {
    run_apart "$BUILD/10-webbench/webbench" -c 20 "$@" "http://$ADDRESS:$PORT/" \
        >"${report:=$BATS_TEST_TMPDIR/report}" 2>&1 &
    pid=$!
    echo "$pid" >>"$BATS_TEST_TMPDIR/servers" # so that nothing is left if the test fails
    poll_until 10 has_clients
}

has_clients() {
    [[ $(session_of "$pid" | wc -l) = 21 ]]
}

none_left() {
    [[ ! $(session_of "$pid") ]]
}

@test "a server that is killed half way ends in a report, not in a hang" {
    local pid seconds status
    for seconds in 1 3 9; do # longer if it was over before the server was
        start_server 10-webbench/liar-404
        webbench_in_background -2 -t $seconds
        kill -KILL "$SERVER"
        status=0
        wait "$pid" || status=$?
        [[ $(<"$BATS_TEST_TMPDIR/report") != *"to connect"* ]] || break
    done
    [ "$status" -eq 1 ]
    grep -E 'Failures: .*[1-9][0-9]* to connect.*; the last said ECONNREFUSED' "$BATS_TEST_TMPDIR/report"
}

@test "no client outlives its parent, which may be ended by SIGINT, SIGTERM or SIGKILL" {
    local pid signal
    start_server "$BUILD/tests/misbehave" -w silent
    for signal in INT TERM KILL; do
        webbench_in_background -t 60
        kill -"$signal" "$pid"
        wait "$pid" 2>/dev/null || true
        poll_until 10 none_left
    done
}

@test "a client that is killed is missed, with status 3; SIGPIPE would not kill it" {
    local pid seconds status victims=()
    start_server "$BUILD/tests/misbehave" -w silent
    for seconds in 1 3 9; do # longer if it was over before the client was
        webbench_in_background -t $seconds
        read -ra victims <"/proc/$pid/task/$pid/children" || true # there is no newline
        ((0x$(awk '/SigIgn/ { print $2 }' "/proc/${victims[7]}/status") >> (13 - 1) & 1)) # see signal(7)
        kill -KILL "${victims[7]}"
        status=0
        wait "$pid" || status=$?
        ((status != 3)) || break
    done
    [ "$status" -eq 3 ]
    grep -x 'webbench: only 19 of 20 clients have reported' "$BATS_TEST_TMPDIR/report"
}

@test "a client that is stopped is not waited for: it is killed and missed; the others are reported" {
    local pid pids seconds victims=() all one status statuses
    start_server 10-webbench/liar-404
    for seconds in 1 3 9; do # longer if it was over before they were stopped
        one=$BATS_TEST_TMPDIR/one-$seconds all=$BATS_TEST_TMPDIR/all-$seconds
        report=$one webbench_in_background -2 -t $seconds
        pids=$pid statuses=
        read -ra victims <"/proc/$pid/task/$pid/children" || true # there is no newline
        kill -STOP "${victims[7]}" || true
        report=$all webbench_in_background -2 -t $seconds
        read -ra victims <"/proc/$pid/task/$pid/children" || true
        kill -STOP "${victims[@]}" || true
        for pid in $pids $pid; do
            poll_until 30 gone "$pid"
            poll_until 10 none_left
            status=0
            wait "$pid" || status=$?
            statuses+=$status
        done
        [[ $(<"$one") != *"only 19 of 20"* || $(<"$all") != *"only 0 of 20"* ]] || break
    done
    [ "$statuses" -eq 33 ]
    grep -x 'webbench: only 0 of 20 clients have reported' "$all"
    run ! grep Requests "$all"
    grep -x 'webbench: only 19 of 20 clients have reported' "$one"
    grep -E '^Requests: [1-9][0-9]* susceed, 0 failed\.$' "$one"
}

# The long one: ROUNDS=20 SECONDS_EACH=1 bats -f "leave no child" tests/10-processes.bats
@test "1,000 clients end on time and leave no child, and no zombie, again and again" {
    local clients=1000 pid status round
    [[ $(<"$BUILD/compiler") != *-fsanitize* ]] || clients=100 # which have much more to fork
    start_server "$BUILD/tests/misbehave" -w silent
    for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
        run_apart "$BUILD/10-webbench/webbench" -c $clients -t "${SECONDS_EACH:-0.1}" "http://$ADDRESS:$PORT/" \
            >"$BATS_TEST_TMPDIR/report" 2>&1 &
        pid=$!
        echo "$pid" >>"$BATS_TEST_TMPDIR/servers"
        status=0
        wait "$pid" || status=$?
        cat /proc/[0-9]*/stat 2>/dev/null >"$BATS_TEST_TMPDIR/processes" || true
        run ! grep -E "^[0-9]+ \(webbench\) . [0-9]+ $pid " "$BATS_TEST_TMPDIR/processes"
        [ "$status" -eq 1 ] # 3 if one had not reported
        grep -E '; [1-9][0-9]* still due' "$BATS_TEST_TMPDIR/report" # whoever had begun in time
    done
}

@test "without enough processes it says so and measures nothing, and no client is left" {
    # Root may have as many as it likes, so there it is nobody who may have 10.
    local few=(prlimit --nproc=1:1) place
    start_server "$BUILD/tests/misbehave" -w http
    place=$(mktemp -d)
    chmod 755 "$place"
    cp "$BUILD/10-webbench/webbench" "$place"
    ((EUID != 0)) || few=(prlimit --nproc=10:10 setpriv --reuid=65534 --clear-groups)
    run timeout 30 "${few[@]}" "$place/webbench" -c 50 -t 30 "http://$ADDRESS:$PORT/" 3>&- 4>&-
    rm -r "$place"
    [ "$status" -eq 3 ]
    [[ $output = *$'\nwebbench: fork: Resource temporarily unavailable (EAGAIN): '* ]]
    run ! pgrep -f "^$place/webbench"
}
