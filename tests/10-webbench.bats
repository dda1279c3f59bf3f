load lib/servers
teardown() { end_servers; }

# measure [OPTION...]: runs load against the server, which sets $status, and puts what it wrote
# with -o into V. A second is not enough to be sure that it hangs, 30 are. What stands in UNDER is a
# command that runs it.
measure() {
    declare -gA V=()
    local key value
    run timeout 30 "${UNDER[@]}" "$BUILD/10-webbench/load" -q -o "$BATS_TEST_TMPDIR/values" "$@" \
        "$ADDRESS" "$PORT" 3>&- 4>&-
    while IFS='=' read -r key value; do V[$key]=$value; done <"$BATS_TEST_TMPDIR/values"
}

# measure_until EXPRESSION [OPTION...]: measures for longer and longer, or some times for as long as
# -t says, until the expression is true: on a busy machine a server may do nothing for a while.
measure_until() {
    local seconds values
    for seconds in 0.3 1 3 5 9; do
        measure -t "$seconds" "${@:2}"
        with_values "$1"
        [[ $values = *nothing* ]] || ! ((values)) || return 0
    done
    echo "never true: $1, for it is $values; all that load wrote:"
    cat "$BATS_TEST_TMPDIR/values"
    return 1
}

# with_values EXPRESSION: sets $values to it, with what V says in the place of its names.
with_values() {
    local rest=$1
    values=
    while [[ $rest =~ ([a-z][a-z0-9_]*) ]]; do
        values+=${rest%%"${BASH_REMATCH[1]}"*}${V[${BASH_REMATCH[1]}]:-nothing}
        rest=${rest#*"${BASH_REMATCH[1]}"}
    done
    values+=$rest
}

# ended_with STATUS EXPRESSION...: load ended so, and each arithmetic expression is true; in it, names
# are the keys of V.
ended_with() {
    local expression values
    if ((status != $1)); then
        echo "load ended with status $status instead of $1; it said and wrote:"
        echo "$output"
        cat "$BATS_TEST_TMPDIR/values" || true
        return 1
    fi
    shift
    for expression in "$@"; do
        with_values "$expression"
        if [[ $values = *nothing* ]] || ! ((values)); then
            echo "not true: $expression, for it is $values; all that load wrote:"
            cat "$BATS_TEST_TMPDIR/values"
            return 1
        fi
    done
}

misbehaving() {
    start_server "$BUILD/tests/misbehave" -w "$1"
}

# ---- what is counted ----

@test "requests and those in flight are together what the server has echoed" {
    local mode echoed window
    for mode in stays visits; do
        for window in 0.3 1 3 9; do # a server of its own each time, for it has been counting
            misbehaving none
            measure -c 20 -t "$window" -m "$mode"
            stop_server
            ((V[requests] == 0)) || break
        done
        ended_with 0 "requests > 0" "failures == 0" "in_flight <= 20"
        read -r _ echoed _ <"$SERVER_ERR"
        ((echoed >= 100 * V[requests]))
        ((echoed <= 100 * (V[requests] + V[in_flight])))
    done
}

@test "it measures exactly as long as it was told to, and its rate is of that time" {
    start_server 11-models/epoll
    measure_until "requests > 0" -c 10 -t 0.5
    ended_with 0 "(rate - 2 * requests) ** 2 <= 1" "client_cpu_us <= 550000"
    [ "${V[seconds]}" = 0.500 ]
}

@test "bytes are counted in both directions" {
    start_server 11-models/epoll
    measure_until "requests > 0" -c 2 -l 1000
    ended_with 0 "bytes_moved >= 2000 * requests" "bytes_moved <= 2000 * (requests + in_flight)"
}

@test "the file for scripts has every key once, and whole numbers but for the mode and the seconds" {
    start_server 11-models/epoll
    measure -c 3 -t 0.2
    run sort "$BATS_TEST_TMPDIR/values"
    diff - <(cut -d= -f1 <<<"$output") <<'KEYS'
answered
bytes
bytes_moved
client_cpu_us
closed_early
connect_error
connections
failures
fewest
in_flight
max_us
mean_us
mode
most
no_descriptor
no_port
oldest_us
p50_us
p90_us
p999_us
p99_us
rate
refused
requests
reset
seconds
timeout
wrong_bytes
KEYS
    run grep -Evx '[a-z0-9_]+=[0-9]+' "$BATS_TEST_TMPDIR/values"
    [ "$output" = $'mode=stays\nseconds=0.200' ]
}

@test "percentiles do not fall, and no client got more than the most or less than the fewest" {
    start_server 11-models/epoll
    measure_until "fewest > 0" -c 7
    ended_with 0 "p50_us <= p90_us" "p90_us <= p99_us" "p99_us <= p999_us" "p999_us <= max_us" \
        "mean_us <= max_us" "7 * fewest <= requests" "requests <= 7 * most"
}

@test "the report says the same in 78 columns" {
    local line
    all_are_answered() {
        run "$BUILD/10-webbench/load" -c 12 -t 0.3 "$ADDRESS" "$PORT"
        [[ $output = *"answered   12 of 12 connections, "*" times each"* ]]
    }
    start_server 11-models/epoll
    poll_until 20 all_are_answered
    [ "$status" -eq 0 ]
    [[ $output = "12 connections to $ADDRESS:$PORT, messages of 100 bytes, 0.30 s measured"$'\n'* ]]
    [[ $output = *"failures   none"* ]]
    for line in "${lines[@]}"; do
        ((${#line} <= 78)) || { echo "too long: $line" && return 1; }
    done
    run -1 "$BUILD/10-webbench/load" -c 1234 -t 0.3 127.0.0.1 1
    [[ $output = *"answered   0 of 1,234 connections; 1,234 never"* ]]
    [[ $output = *"failures   1,234"*"1,234 refused"* ]]
}

@test "on a terminal it shows how far it is, and elsewhere nothing but the report" {
    shows_how_far_it_is() {
        run script -qec "'$BUILD/10-webbench/load' -c 1 -t 0.5 $ADDRESS $PORT" /dev/null </dev/null
        [[ $output = *" s to go, "* ]]
    }
    start_server 11-models/epoll
    run --separate-stderr "$BUILD/10-webbench/load" -c 1 -t 0.3 "$ADDRESS" "$PORT"
    [[ $output = "1 connection"* ]]
    # shellcheck disable=SC2154 # run sets it
    [ "$stderr" = "" ]
    poll_until 20 shows_how_far_it_is
}

# ---- what it takes ----

@test "1,000 clients are all answered, whether they stay or visit" {
    local mode
    start_server 11-models/epoll
    for mode in stays visits; do
        measure_until "answered == 1000 && fewest > 0" -c 1000 -m "$mode"
        ended_with 0 "failures == 0"
    done
    stop_server
}

@test "a message longer than all buffers on the way is received while it is being sent" {
    local mode
    start_server 11-models/single-process
    for mode in stays visits; do
        measure_until "requests > 0" -c 1 -l 30000000 -w 20 -m "$mode"
        ended_with 0 "in_flight <= 1" "failures == 0" "bytes_moved >= 60000000"
    done
}

@test "IPv6 will do, and a name" {
    LISTEN="-p 0 -b ::1" start_server 11-models/epoll
    measure_until "requests > 0" -c 3 -m visits
    ended_with 0
    start_server 11-models/epoll
    ADDRESS=localhost measure_until "requests > 0" -c 3
    ended_with 0
}

@test "visits on loopback do not run out of ports, and elsewhere are counted as without one" {
    # In a network of our own, so that it can have 50 ports only; and what is in there when its first
    # process ends is ended. For longer and longer, until so many visits have been made.
    cat >"$BATS_TEST_TMPDIR/in-a-small-world" <<'SCRIPT'
set -eu
ip link set lo up
echo 40000 40049 >/proc/sys/net/ipv4/ip_local_port_range
echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse
"$BUILD/11-models/epoll" -p 8000 >"$TMP/out" &
"$BUILD/11-models/epoll" -b ::1 -p 8000 >"$TMP/out6" &
until [ -s "$TMP/out" ] && [ -s "$TMP/out6" ]; do sleep 0.01; done
"$BUILD/10-webbench/load" -q -t "$1" -c 5 -m visits -o "$TMP/v4" 127.0.0.1 8000
"$BUILD/10-webbench/load" -q -t "$1" -c 5 -m visits -o "$TMP/values" ::1 8000 || echo "status $?"
SCRIPT
    local window apart=(unshare --map-root-user --net --pid --mount-proc --fork --kill-child)
    "${apart[@]}" ip link set lo up 2>/dev/null || skip "no network namespace of our own"
    export BUILD TMP=$BATS_TEST_TMPDIR
    for window in 0.5 2 8; do
        run timeout 30 "${apart[@]}" sh "$TMP/in-a-small-world" "$window"
        if grep -Ex 'requests=[0-9]{3,}' "$TMP/v4" && grep -x 'requests=50' "$TMP/values"; then
            break
        fi
    done
    echo "$output"
    [ "$output" = "status 1" ]
    grep -x 'no_port=0' "$TMP/v4"
    grep -Ex 'requests=[0-9]{3,}' "$TMP/v4" # more than 50 ports allow
    grep -x 'requests=50' "$TMP/values"
    grep -Ex 'no_port=[1-9][0-9]*' "$TMP/values"
}

@test "with too few descriptors it says so, works with those there are and counts the others" {
    local UNDER=(prlimit --nofile=40:40)
    start_server 11-models/epoll
    measure_until "answered >= 30" -c 100
    ended_with 1 "answered < 40" "no_descriptor >= 60" "no_descriptor < 70"
    [ "$output" = "load: 100 connections need 108 descriptors, and the hard limit is 40" ]
}

@test "the soft limit on descriptors is raised" {
    local UNDER=(prlimit --nofile=40:)
    start_server 11-models/epoll
    measure_until "answered == 100" -c 100
    ended_with 0
}

@test "wrong options, and a host that does not exist, are one line" {
    local words
    for words in "127.0.0.1" "-c 0 127.0.0.1 1" "-l 0 127.0.0.1 1" "-m x 127.0.0.1 1" \
        "-t 0 127.0.0.1 1" "-t 1x 127.0.0.1 1" "-w nan 127.0.0.1 1" "-x 127.0.0.1 1" "127.0.0.1 0"; do
        # shellcheck disable=SC2086 # words
        run -2 "$BUILD/10-webbench/load" $words
        [ "${#lines[@]}" -eq 1 ]
    done
    run -1 "$BUILD/10-webbench/load" 999.0.0.1 80
    [[ $output = "load: getaddrinfo: "*": 999.0.0.1:80" ]]
    run -1 "$BUILD/10-webbench/load" -o /nowhere/at/all 127.0.0.1 1
    [ "$output" = "load: open: No such file or directory (ENOENT): /nowhere/at/all" ]
}

# ---- servers that misbehave ----

@test "who never answers, or a byte at a time, is found out when the patience is over" {
    local way
    for way in silent drips deaf; do
        misbehaving "$way"
        measure -c 10 -t 20 -w 0.3
        ended_with 1 "timeout == 10" "failures == 10" "requests == 0" "answered == 0" "in_flight == 0"
        [ "${V[seconds]}" != 20.000 ] # nobody was left
        measure_until "timeout >= 10" -c 10 -t 1 -w 0.3 -m visits
        ended_with 1 "failures == timeout" "requests == 0" "in_flight <= 10"
        [ "${V[seconds]}" = 1.000 ]
    done
}

@test "an answer that is not due yet is no failure, but if there was none at all the status is 1" {
    misbehaving silent
    measure -c 10 -t 0.3
    ended_with 1 "failures == 0" "requests == 0" "answered == 0" "in_flight == 10" \
        "oldest_us > 0" "oldest_us <= 300000"
}

@test "nobody there is counted as refused" {
    ADDRESS=127.0.0.1 PORT=1 measure -c 10 -t 5
    ended_with 1 "refused == 10" "failures == 10" "requests == 0"
    ADDRESS=127.0.0.1 PORT=1 measure_until "refused >= 10" -c 10 -t 0.3 -m visits
    ended_with 1 "failures == refused" "refused <= 50" # who failed rests 100 ms
}

@test "a connection that is reset is counted as reset" {
    local mode
    misbehaving resets
    for mode in stays visits; do
        measure_until "reset >= 10" -c 10 -m "$mode"
        ended_with 1 "failures == reset" "requests == 0"
    done
}

@test "an end before the answer is whole is counted as that, even after half of it" {
    local way mode
    for way in closes half; do
        misbehaving "$way"
        for mode in stays visits; do
            measure_until "closed_early >= 10" -c 10 -m "$mode"
            ended_with 1 "failures == closed_early" "requests == 0"
        done
    done
}

@test "who answers once and closes is good for visits; a connection that should stay is lost" {
    misbehaving once
    measure_until "answered == 10" -c 10 -m visits
    ended_with 0 "failures == 0"
    measure -c 10 -t 20
    ended_with 1 "requests == 10" "answered == 10" "failures == closed_early + reset" "failures == 10"
}

@test "who hangs up before being asked has failed" {
    local mode
    misbehaving hangs-up
    for mode in stays visits; do
        measure_until "failures >= 10" -c 10 -m "$mode"
        ended_with 1 "failures == closed_early + reset" "requests == 0"
    done
}

# Of 65,536 different messages two in a row are the same now and then: then another's is right.
@test "wrong bytes are found: one bit, another's answer, endless or unasked ones" {
    local way mode
    for way in wrong crossed pours greets; do
        misbehaving "$way"
        for mode in stays visits; do
            measure_until "wrong_bytes >= 10" -c 10 -m "$mode"
            ended_with 1 "failures == wrong_bytes" "requests <= 1 + wrong_bytes / 1000"
        done
    done
}

@test "so are the answer to an earlier request, and an answer that comes twice" {
    misbehaving stale
    measure -c 10 -t 20
    ended_with 1 "wrong_bytes == 10" "failures == 10" "requests == 10"
    misbehaving twice
    measure -c 10 -t 20
    ended_with 1 "wrong_bytes == 10" "failures == 10" "requests <= 10"
}

@test "an answer that comes when the time is up is not counted, but in flight" {
    misbehaving drips # so that no client can get a third answer before 150 ms have passed
    measure_until "requests > 0" -c 10 -l 1 -t 0.145
    ended_with 0 "requests <= 20" "most <= 2" "in_flight == 10"
}

@test "an answer that gets lost shows as the oldest in flight, and fails when the patience is over" {
    misbehaving loses
    measure_until "requests == 2 * 99 && oldest_us > p99_us" -c 2
    ended_with 0 "in_flight == 2"
    measure_until "requests == 2 * 99" -c 2 -t 20 -w 0.5
    ended_with 1 "timeout == 2" "failures == 2"
}

# ---- the histogram ----

@test "a percentile of the histogram is at most a thousandth above the exact one, never below" {
    # 20,000 values from 0 to 10^12, as many of each magnitude; the k-th smallest is exact.
    awk 'BEGIN { srand(7); for (i = 0; i < 20000; i++) printf "%.0f\n", exp(rand() * log(1e12)) - 1 }' |
        sort -n >"$BATS_TEST_TMPDIR/values"
    "$BUILD/tests/histogram" <"$BATS_TEST_TMPDIR/values" >"$BATS_TEST_TMPDIR/said"
    awk '
        NR == FNR { exact[NR] = $1; sum += $1; n = NR; next }
        $1 == "mean" { bad += $2 < int(sum / n) - 1 || $2 > sum / n; next }
        $1 == "max" { bad += $2 != exact[n]; next }
        $1 == "count" { bad += $2 != n; next }
        {
            wanted = exact[FNR * n / 1000]
            if ($1 < wanted || $1 > wanted * 1.001) {
                print FNR / 10 " % are at most " wanted ", not " $1
                bad++
            }
        }
        END { exit bad > 0 }' "$BATS_TEST_TMPDIR/values" "$BATS_TEST_TMPDIR/said"
}

@test "the largest number there is has a bucket too, and an empty histogram says 0" {
    run -0 "$BUILD/tests/histogram" <<<"18446744073709551615 0 18446744073709551615 5"
    [ "${lines[499]}" = 5 ]
    [ "${lines[500]}" = 18446744073709551615 ]
    [ "${lines[1001]}" = "max 18446744073709551615" ]
    run -0 "$BUILD/tests/histogram" </dev/null
    [ "$(sort -u <<<"$output")" = $'0\ncount 0\nmax 0\nmean 0' ]
}
