# shellcheck disable=SC2034 # measure reads UNDER
load lib/servers
load lib/compile
load 10-webbench/measure
teardown() { end_servers; }

# What scripts may rely on, in the order of sort(1).
first_keys="answered bytes bytes_moved client_cpu_us closed_early connect_error connections failures \
fewest in_flight max_us mean_us mode most no_descriptor no_port oldest_us p50_us p90_us p999_us \
p99_us rate refused requests reset seconds timeout wrong_bytes"

# ---- what is counted ----

@test "requests and those in flight are together what the server has echoed" {
    local mode echoed window
    for mode in -q --visits; do
        for window in 0.1 1 3 9; do # a server of its own each time, for it has been counting
            misbehaving none
            measure -c 20 -t "$window" "$mode"
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
    measure_until "requests > 0" -c 10 -t 0.25
    ended_with 0 "(rate - 4 * requests) ** 2 <= 1" "client_cpu_us <= 275000"
    [ "${V[seconds]}" = 0.250 ]
}

@test "bytes are counted in both directions" {
    start_server 11-models/epoll
    measure_until "requests > 0" -c 2 -l 1000
    ended_with 0 "bytes_moved >= 2000 * requests" "bytes_moved <= 2000 * (requests + in_flight)"
}

@test "the file for scripts has every key once, and whole numbers but for the mode and the seconds" {
    local keys
    start_server 11-models/epoll
    measure -c 3 -t 0.2
    keys=$(cut -d= -f1 "$BATS_TEST_TMPDIR/values" | sort)
    [ "$(uniq -d <<<"$keys")" = "" ]
    [ "$(comm -13 - <(tr ' ' '\n' <<<"$first_keys") <<<"$keys")" = "" ] # none of them is missing
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
        [[ $output = *" s to go, "*$'\r\e[K1 connection to '* && $output != *" of 0 answers"* ]]
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
    for mode in -q --visits; do
        measure_until "answered == 1000 && fewest > 0" -c 1000 "$mode"
        ended_with 0 "failures == 0"
    done
    stop_server
}

@test "a message longer than all buffers on the way is received while it is being sent" {
    local mode
    start_server 11-models/single-process
    for mode in -q --visits; do
        measure_until "requests > 0" -c 1 -l 30000000 -w 20 "$mode"
        ended_with 0 "in_flight <= 1" "failures == 0" "bytes_moved >= 60000000"
    done
}

@test "IPv6 will do, and a name" {
    LISTEN="-p 0 -b ::1" start_server 11-models/epoll
    measure_until "requests > 0" -c 3 --visits
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
"$BUILD/10-webbench/load" -q -n 500 -w 2 -c 5 --visits -o "$TMP/v4" 127.0.0.1 8000
"$BUILD/10-webbench/load" -q -t "$1" -c 5 --visits -o "$TMP/values" ::1 8000 || echo "status $?"
SCRIPT
    local window apart=(unshare --map-root-user --net --pid --mount-proc --fork --kill-child)
    "${apart[@]}" ip link set lo up 2>/dev/null || skip "no network namespace of our own"
    export BUILD TMP=$BATS_TEST_TMPDIR
    for window in 0.5 2 8; do
        run timeout 30 "${apart[@]}" sh "$TMP/in-a-small-world" "$window"
        if grep -x 'requests=50' "$TMP/values"; then
            break
        fi
    done
    echo "$output"
    [ "$output" = "status 1" ]
    grep -x 'no_port=0' "$TMP/v4"
    grep -x 'requests=500' "$TMP/v4" # more than 50 ports allow, and none is lost when they run out
    grep -x 'requests=50' "$TMP/values"
    grep -Ex 'no_port=[1-9][0-9]*' "$TMP/values"
}

@test "with too few descriptors it says so, works with those there are and counts the others" {
    local UNDER=(prlimit --nofile=40:40)
    start_server 11-models/epoll
    measure_until "answered >= 30" -c 100
    ended_with 1 "answered < 40" "no_descriptor >= 60" "no_descriptor < 70"
    [ "$output" = "load: 100 connections need 108 descriptors, and the hard limit is 40" ]
    measure_until "answered >= 20 && answered + no_descriptor == 100" -c 100 -T 8
    ended_with 1 "answered < 40"
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
        "-t 0 127.0.0.1 1" "-t 1x 127.0.0.1 1" "-w nan 127.0.0.1 1" "-x 127.0.0.1 1" "127.0.0.1 0" \
        "--checksum 1 127.0.0.1 1" "--body-length 1 127.0.0.1 1"; do
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

@test "a server that never answers, or a byte at a time, is found out when the patience is over" {
    local way
    for way in silent drips deaf; do
        misbehaving "$way"
        measure -c 10 -t 20 -w 0.2
        ended_with 1 "timeout == 10" "failures == 10" "requests == 0" "answered == 0" "in_flight == 0"
        [ "${V[seconds]}" != 20.000 ] # nobody was left
        [[ $way != deaf ]] || continue
        measure_until "timeout >= 10" -c 10 -t 0.4 -w 0.15 --visits
        ended_with 1 "failures == timeout" "requests == 0" "in_flight <= 10"
        [ "${V[seconds]}" = 0.400 ]
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
    ADDRESS=127.0.0.1 PORT=1 measure_until "refused >= 10" -c 10 -t 0.3 --visits
    ended_with 1 "failures == refused" "refused <= 50" # who failed rests 100 ms
}

@test "a connection that is reset is counted as reset" {
    local mode
    misbehaving resets
    for mode in -q --visits; do
        measure_until "reset >= 10" -c 10 "$mode"
        ended_with 1 "failures == reset" "requests == 0"
    done
}

@test "an end before the answer is whole is counted as that, even after half of it" {
    local way mode
    for way in closes half; do
        misbehaving "$way"
        for mode in -q --visits; do
            measure_until "closed_early >= 10" -c 10 "$mode"
            ended_with 1 "failures == closed_early" "requests == 0"
        done
    done
}

@test "who answers once and closes is good for visits; a connection that should stay is lost" {
    misbehaving once
    measure_until "answered == 10" -c 10 --visits
    ended_with 0 "failures == 0"
    measure -c 10 -t 20
    ended_with 1 "requests == 10" "answered == 10" "failures == closed_early + reset" "failures == 10"
    FAULTS=send:one measure -c 10 -t 20 # into a connection that is no more: EPIPE, but no signal
    ended_with 1 "failures == closed_early + reset + wrong_bytes" "failures == 10"
}

@test "who hangs up before being asked has failed" {
    local mode
    misbehaving hangs-up
    for mode in -q --visits; do
        measure_until "failures >= 10" -c 10 "$mode"
        ended_with 1 "failures == closed_early + reset" "requests == 0"
    done
}

@test "an end right behind an answer is found before the next request is lost in it" {
    compile half-closes <"$TOP/tests/10-webbench/half-closes.c"
    start_server "$BATS_TEST_TMPDIR/half-closes"
    measure -c 3 -t 20 -w 1
    ended_with 1 "requests == 3" "closed_early == 3" "failures == 3" "timeout == 0"
}

# Of 4,096 different messages two in a row are the same now and then: then another's is right.
@test "wrong bytes are found: one bit, another's answer, endless or unasked ones" {
    local way mode
    for way in wrong crossed pours greets; do
        misbehaving "$way"
        for mode in -q --visits; do
            measure_until "wrong_bytes >= 10" -c 10 "$mode"
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
