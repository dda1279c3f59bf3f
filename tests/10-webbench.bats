load lib/servers
load lib/compile
teardown() { end_servers; }

# measure [OPTION...]: runs load against the server, which sets $status, and puts what it wrote
# with -o into V. A second is not enough to be sure that it hangs, 30 are. What stands in UNDER is a
# command that runs it. With paths in PATHS it asks for these by HTTP.
measure() {
    declare -gA V=()
    local key value operands=("$ADDRESS" "$PORT") host=$ADDRESS
    [[ $host != *:* ]] || host="[$host]"
    [[ ! ${PATHS+x} ]] || operands=("${PATHS[@]/#/http://$host:$PORT}")
    run timeout 30 "${UNDER[@]}" "$BUILD/10-webbench/load" -q -o "$BATS_TEST_TMPDIR/values" "$@" \
        "${operands[@]}" 3>&- 4>&-
    while IFS='=' read -r key value; do V[$key]=$value; done <"$BATS_TEST_TMPDIR/values"
}

# measure_until EXPRESSION [OPTION...]: measures for longer and longer, or some times for as long as
# -t says, until the expression is true: on a busy machine a server may do nothing for a while.
measure_until() {
    local seconds values
    for seconds in 0.1 0.5 2 5 9; do
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

# What scripts may rely on, in the order of sort(1).
first_keys="answered bytes bytes_moved client_cpu_us closed_early connect_error connections failures \
fewest in_flight max_us mean_us mode most no_descriptor no_port oldest_us p50_us p90_us p999_us \
p99_us rate refused requests reset seconds timeout wrong_bytes"

misbehaving() {
    start_server "$BUILD/tests/misbehave" -w "$1"
}

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

# ---- HTTP ----

# The server counts what it has answered to the last byte.
has_answered() {
    stop_server
    [[ $(<"$SERVER_ERR") = *"answered $1 requests"* ]]
}

@test "of so many requests each is answered, by HTTP as by echo, however many threads share them" {
    local PATHS=(/)
    misbehaving http
    measure -n 1001 -c 10 -T 3
    ended_with 0 "requests == 1001" "threads == 3" "status_2xx == 1001"
    measure -n 99 -c 10 -T 2 --visits
    ended_with 0 "requests == 99"
    measure -n 1000 -c 3 -p 7
    ended_with 0 "requests == 1000"
    measure -n 3 -c 10
    ended_with 0 "requests == 3" "answered == 3" "fewest == 0"
    FAULTS=recv:EINTR@2-9,send:EAGAIN@2-9,epoll_wait:EINTR@2-5 measure -n 50 -c 3
    ended_with 0 "requests == 50"
    has_answered $((1001 + 99 + 1000 + 3 + 50))
    unset PATHS
    start_server 11-models/epoll
    measure -n 1001 -c 10 -T 3
    ended_with 0 "requests == 1001"
}

@test "within a time, what is answered, late and of the warm-up is what the server has answered" {
    local PATHS=(/) options answered window
    for options in "-T 1" --visits "-p 3" "-W 0.1 -T 2"; do
        for window in 0.1 1 5; do
            misbehaving http
            # shellcheck disable=SC2086 # words
            measure -c 10 -t "$window" $options
            stop_server
            ((V[requests] == 0 || V[late] == 0)) || break
        done
        ended_with 0 "failures == 0" "requests > 0" "late > 0" "late <= in_flight"
        [[ $options != -W* ]] || ended_with 0 "warm_up > 0"
        read -r _ answered _ <"$SERVER_ERR"
        ((answered >= V[requests] + V[late] + V[warm_up]))
        ((answered <= V[requests] + V[in_flight] + V[warm_up]))
    done
}

@test "a request is what was asked for" {
    asked() {
        stop_server
        tr -d '\r' <"$SERVER_ERR" | grep -v '^answered ' >"$BATS_TEST_TMPDIR/asked"
        diff "$BATS_TEST_TMPDIR/asked" -
    }
    local PATHS=('/a?b=%20#c' '' '?d')
    misbehaving shows
    measure -n 3 -c 1
    asked <<END
GET /a?b=%20 HTTP/1.1
Host: $ADDRESS:$PORT

GET / HTTP/1.1
Host: $ADDRESS:$PORT

GET /?d HTTP/1.1
Host: $ADDRESS:$PORT

END
    PATHS=(/)
    printf 'x=1\n\n' >"$BATS_TEST_TMPDIR/body"
    misbehaving shows
    measure -n 1 -c 1 --visits -d "@$BATS_TEST_TMPDIR/body" -H "host: a.book" -H "Accept: b/c"
    asked <<'END'
POST / HTTP/1.1
Connection: close
Content-Length: 5
host: a.book
Accept: b/c

x=1

END
    misbehaving shows
    measure -n 1 -c 1 -m PUT -d y -H "Content-Length: 1"
    [[ $(<"$BATS_TEST_TMPDIR/values") ]]
    stop_server
    [[ $(<"$SERVER_ERR") = "PUT / HTTP/1.1"*"Content-Length: 1"* ]]
    [[ $(<"$SERVER_ERR") != *"Length: 1"*"Length: 1"* ]]
}

@test "requests longer than all buffers on the way follow each other on a connection" {
    local PATHS=(/ /other)
    head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/body"
    misbehaving http
    measure -n 40 -c 2 -p 5 -d "@$BATS_TEST_TMPDIR/body"
    ended_with 0 "requests == 40" "bytes_sent > 40000000" "bytes_sent < 40010000"
    has_answered 40
}

@test "answers by length, in chunks, or until the end have the body that was wanted, or are counted" {
    local PATHS=(/) way sum
    sum=$(printf 'Hello, world\n' | cksum)
    for way in http chunks until-end; do
        misbehaving "$way"
        measure -n 30 -c 5 --body-length 13 --checksum "${sum%% *}"
        ended_with 0 "requests == 30"
        measure -n 10 -c 5 --body-length 14
        ended_with 1 "wrong_body == 10" "failures == 10" "status_2xx == 10"
        measure -n 10 -c 5 --checksum 1
        ended_with 1 "wrong_body == 10" "failures == 10"
        FAULTS=recv:one measure -n 10 -c 5 --checksum "${sum%% *}"
        ended_with 0 "requests == 10"
    done
}

@test "only the status that is wanted counts as an answer" {
    local PATHS=(/)
    misbehaving not-found
    measure -n 10 -c 5
    ended_with 1 "wrong_status == 10" "failures == 10" "status_4xx == 10" "requests == 0"
    measure -n 10 -c 5 -e 404
    ended_with 0 "requests == 10" "failures == 0" "status_4xx == 10"
    measure -n 10 -c 5 -e 4xx
    ended_with 0 "requests == 10"
    measure -n 10 -c 5 -e 403
    ended_with 1 "wrong_status == 10"
}

@test "each way in which a server fails is counted as what it is, and nobody waits for longer" {
    local PATHS=(/) way patience
    local -A kinds=(
        [garbage]=bad_response [long]=bad_response [negative-length]=bad_response
        [huge-length]=bad_response [no-length]=bad_response [two-lengths]=bad_response
        [bad-chunk]=bad_response [huge-chunk]=bad_response [endless-headers]=bad_response
        [headers]=truncated [short]=truncated [cut-chunk]=truncated [half-head]=closed_early
        [http-resets]=reset [stalls]=timeout [http-drips]=timeout [error]=wrong_status
    )
    for way in "${!kinds[@]}"; do
        patience=9
        [[ ${kinds[$way]} != timeout ]] || patience=0.2
        misbehaving "$way"
        measure -n 5 -c 5 -w "$patience"
        ended_with 1 "${kinds[$way]} == 5" "failures == 5" "requests == 0" "in_flight == 0"
    done
}

# says_so [OPTION...]: what stands on stdin (as for printf) is a good answer to 6 requests of load,
# however it comes in pieces.
says_so() {
    local name=${NAME:-answer} PORT fault PATHS
    PATHS=("/$name")
    # shellcheck disable=SC2059 # it has the escapes
    printf "$(cat)" >"$BATS_TEST_TMPDIR/$name"
    for fault in "" recv:one; do
        for PORT in "${ports[@]}"; do
            FAULTS=$fault measure -c 1 -n 6 -w 5 "$@"
            ended_with 0 "requests == 6"
        done
    done
}

@test "every form of an answer is understood, in one piece, in several and byte by byte" {
    local ports=()
    start_server "$BUILD/tests/says" -d "$BATS_TEST_TMPDIR"
    ports+=("$PORT")
    FAULTS=write:short start_server "$BUILD/tests/says" -d "$BATS_TEST_TMPDIR"
    ports+=("$PORT")
    local ok='HTTP/1.1 200 OK\r\n' len='Content-Length: 2\r\n' chunked='Transfer-Encoding: chunked\r\n'
    says_so --body-length 2 <<<"$ok${len}X: y\r\n\r\nab"
    says_so --body-length 2 <<<"HTTP/1.1 200\r\nconTENT-length:\t2 \r\n\r\nab"
    says_so --body-length 2 <<<"HTTP/1.1 200 OK\nContent-Length:2\n\nab"
    says_so --body-length 2 <<<"$ok$len${len}\r\nab"
    says_so --body-length 0 <<<'HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n'
    says_so -e 304 --body-length 0 <<<"HTTP/1.1 304 X\r\n$len\r\n"
    says_so -m HEAD --body-length 0 <<<"$ok$len\r\n"
    says_so -m HEAD <<<"$ok$chunked\r\n"
    says_so --body-length 2 \
        <<<"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n$ok$len\r\nab"
    says_so --body-length 12 \
        <<<"$ok$chunked\r\n2;a=b\r\nab\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\nB: c\r\n\r\n"
    says_so <<<"${ok}Transfer-Encoding: ,  Chunked ,\r\n\r\n0\r\n\r\n"
    NAME=a.end says_so --body-length 2 <<<"HTTP/1.0 200 OK\r\n$len\r\nab"
    NAME=a.end says_so --body-length 3 <<<'HTTP/1.0 200 OK\r\n\r\nabc'
    NAME=a.end says_so --body-length 2 <<<"${ok}Connection: x, CLOSE\r\n$len\r\nab"
    NAME=a.end says_so <<<"${ok}Transfer-Encoding: gzip\r\n\r\nabc"
    says_so <<<"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n$len\r\nab"
}

@test "what contradicts itself, or is no HTTP/1, is a bad response" {
    start_server "$BUILD/tests/says" -d "$BATS_TEST_TMPDIR"
    local ok='HTTP/1.1 200 OK\r\n' len='Content-Length: 2\r\n' text
    local chunked='Transfer-Encoding: chunked\r\n' PATHS=(/a.end)
    for text in "\r\n$ok$len\r\nab" "HTTP/2 200 OK\r\n\r\n" "http/1.1 200 OK\r\n\r\n" \
        "HTTP/1.1 20 OK\r\n\r\n" "HTTP/1.1 2000 OK\r\n\r\n" "HTTP/1.1 600 OK\r\n\r\n" \
        "HTTP/1.1 099 OK\r\n\r\n" "HTTP/1.1 101 Switching\r\n\r\n" "HTTP/1.1\t200 OK\r\n\r\n" \
        "${ok}no colon\r\n$len\r\nab" "${ok}: x\r\n$len\r\nab" "${ok}Content-Length : 2\r\n\r\nab" \
        "${ok}Content-Length: +2\r\n\r\nab" "${ok}Content-Length: 2, 2\r\n\r\nab" \
        "${ok}Content-Length:\r\n\r\nab" "$ok$len$chunked\r\n0\r\n\r\n" \
        "${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" "$ok$chunked\r\n\r\n0\r\n\r\n" \
        "$ok$chunked\r\n2\nab\r\n0\r\n\r\n" "$ok$chunked\r\n2\r\nabc\r\n0\r\n\r\n" \
        "HTTP/1.0 200 OK\r\n$chunked\r\n0\r\n\r\n" "$ok$chunked\r\n0x2\r\nab\r\n0\r\n\r\n"; do
        # shellcheck disable=SC2059 # it has the escapes
        printf "$text" >"$BATS_TEST_TMPDIR/a.end"
        measure -c 1 -n 1 -w 5
        ended_with 1 "bad_response == 1" "failures == 1"
    done
}

@test "with a rate requests are due when they are due, however slow the server is" {
    misbehaving drips # an answer of a byte takes 50 ms
    measure -c 2 -R 200 -l 1 -t 0.5
    ended_with 0 "due == 100" "requests + in_flight + unsent == 100" "requests <= 20" \
        "asked_rate == 200" "max_us >= 50000"
    measure_until "requests >= 10" -c 2 -R 200 -l 1
    ended_with 0 "response_max_us > 3 * p50_us" "response_max_us > 150000" "unsent > 0"
    start_server 11-models/epoll
    measure_until "requests == due" -c 10 -R 300 -W 0.1 -T 2
    ended_with 0 "due == 300 * 10#${V[seconds]/./} / 1000" "unsent == 0" "response_max_us >= max_us"
    run -0 "$BUILD/10-webbench/load" -c 1 -R 0.25 -n 1 "$ADDRESS" "$PORT"
    [[ $output = *"rate       0.25 a second asked for, "* ]]
}

@test "with a rate no more requests are due than there are, nor unsent than were due in the window" {
    local PATHS=(/)
    misbehaving silent
    measure -c 3 -T 2 -n 5 -R 1000 -t 0.15
    ended_with 1 "due == 5" "unsent == 2" "in_flight == 3" "unbegun == 2"
    measure -c 1 -R 1000 -W 0.2 -t 0.1
    ended_with 1 "due == 100" "unsent == 100" "in_flight == 1"
}

@test "with a rate the requests of a thread whose connections are lost are due all the same" {
    local fault
    start_server 11-models/epoll
    for fault in connect:ECONNREFUSED@1 recv:ECONNRESET@20; do
        FAULTS=$fault measure -c 2 -T 2 -R 200 -t 0.5
        ended_with 1 "due == 100" "failures == 1" "unsent >= 30" \
            "requests + in_flight + unsent + (reset > 0) == 100"
    done
    FAULTS=connect:ECONNREFUSED@1 run -1 "$BUILD/10-webbench/load" -c 2 -T 2 -R 200 -t 0.5 "$ADDRESS" "$PORT"
    [[ $output = *"rate       200 a second asked for, "[1-9]*" sent; "[1-9]*" overdue"* ]]
    [[ $output = *"  ! the times leave out requests: "[1-9]*" not sent, 1 failed"* ]]
}

@test "one connection is enough to know that there is a server: the other threads try again" {
    local PATHS=(/)
    misbehaving http
    FAULTS=connect:ECONNREFUSED@1 measure -c 2 -T 2 -n 40
    ended_with 1 "requests == 40" "refused == 1" "failures == 1" "answered == 2"
}

@test "requests that no worker was left to begin are reported" {
    start_server 11-models/epoll
    FAULTS=connect:ECONNREFUSED@1 measure -c 2 -T 2 -n 40
    ended_with 1 "requests == 20" "refused == 1" "unbegun == 20"
}

@test "at the highest rate, too, each request due is answered, in flight, or not sent" {
    local rate
    misbehaving silent
    for rate in 1e8 99999999; do
        measure -c 3 -T 2 -R "$rate" -W 0.1 -t 0.2
        ended_with 1 "due == 2 * 10 ** 7" "unsent == due" "in_flight == 3"
        [ "${V[seconds]}" = 0.200 ]
    done
    start_server 11-models/epoll
    measure_until "requests > 1000" -c 3 -T 2 -R 1e8
    ended_with 0 "requests + in_flight + unsent == due"
}

@test "seconds in which nothing was answered are told of, also at the end" {
    misbehaving drips # the answer to 100 bytes takes five seconds
    run -1 "$BUILD/10-webbench/load" -c 1 -t 0.15 --samples "$ADDRESS" "$PORT"
    [ "${lines[-1]}" = "    0.15           0           0           -           -" ]
}

@test "killing the server half way gives a report of what was, and of what came then" {
    local PATHS=(/) loader
    misbehaving http
    "$BUILD/10-webbench/load" -c 10 -t 0.7 "http://$ADDRESS:$PORT" >"$BATS_TEST_TMPDIR/report" \
        2>&1 3>&- 4>&- &
    loader=$!
    # shellcheck disable=SC2317 # poll_until calls it
    busy() { (($(cpu_ms "$SERVER") >= 20)); }
    poll_until 5 busy
    kill -KILL "$SERVER"
    status=0
    wait "$loader" || status=$?
    [ "$status" -eq 1 ]
    grep -E '^ +failures +[1-9]' "$BATS_TEST_TMPDIR/report"
    grep -E '^ +requests +[1-9]' "$BATS_TEST_TMPDIR/report"
}

@test "SIGINT ends it with a report of what was until then" {
    local PATHS=(/) loader options status
    # shellcheck disable=SC2317 # poll_until calls it
    busy() { (($(cpu_ms "$SERVER") >= 20)); }
    for options in "-n 100000000 -T 2" "-W 60"; do
        misbehaving http
        # shellcheck disable=SC2086 # words
        run_apart "$BUILD/10-webbench/load" -c 4 $options "http://$ADDRESS:$PORT" \
            >"$BATS_TEST_TMPDIR/report" &
        loader=$!
        echo "$loader" >>"$BATS_TEST_TMPDIR/servers" # so that nothing is left if the test fails
        poll_until 10 busy
        kill -INT "$loader"
        status=0
        wait "$loader" || status=$?
        ((status == 128 + 2)) # and a script that waits for it can tell
        grep -E '^  ! interrupted after [0-9]\.[0-9]{2} s$' "$BATS_TEST_TMPDIR/report"
        [[ $options = -W* ]] || grep -E '^ +requests +[1-9]' "$BATS_TEST_TMPDIR/report"
        stop_server
    done
}

@test "if no time was given and the server says nothing more, it ends" {
    local PATHS=(/)
    misbehaving silent
    measure -c 2 -n 1000000 -w 0.15
    ended_with 1 "requests == 0" "timeout >= 2" "failures == timeout"
    measure -c 2 -n 1000000 -R 100 -w 0.1
    ended_with 1 "requests == 0" "timeout >= 2" "failures == timeout"
}

@test "if all connections are lost while it warms up nothing is measured, for no time at all" {
    misbehaving once
    measure -c 3 -W 20 -t 20
    ended_with 1 "requests == 0" "warm_up >= 3" "warm_up <= 6" "warm_up_failures == 3" "failures == 0"
    [ "${V[seconds]}" = 0.000 ]
}

@test "what fails while it warms up is not counted, but told of by kind" {
    local PATHS=(/)
    misbehaving not-found
    measure_until "failures > 0 && warm_up_failures > 0" -c 2 -W 0.2
    ended_with 1 "failures == wrong_status" "warm_up_failures == warm_up"
    start_server 11-models/epoll
    FAULTS=recv:ECONNRESET@2 run -0 "$BUILD/10-webbench/load" -c 2 -R 200 -W 0.5 -t 0.2 "$ADDRESS" "$PORT"
    [[ $output = *"failures   none"*"  ! 1 failed during the warm-up: 1 reset"* ]]
}

@test "an answer on an idle connection that nobody has asked for is a bad response, once" {
    local PATHS=(/) rate
    compile says-408 <"$TOP/tests/10-webbench/says-408.c"
    start_server "$BATS_TEST_TMPDIR/says-408"
    for rate in 2 1 0.3; do
        measure -c 1 -n 2 -R "$rate"
        ((V[failures] != 1 || V[bad_response] != 1)) || break
    done
    ended_with 1 "requests == 2" "bad_response == 1" "failures == 1" "status_4xx == 0" \
        "sent == requests + failures + in_flight"
}

@test "what was answered before all of the request had been sent is counted as what it is" {
    local PATHS=(/a.end)
    head -c 20000000 /dev/zero >"$BATS_TEST_TMPDIR/body"
    printf 'HTTP/1.1 413 Too much\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' >"$BATS_TEST_TMPDIR/a.end"
    start_server "$BUILD/tests/says" -d "$BATS_TEST_TMPDIR" # which resets: there is more to read
    measure -c 2 -n 10 -d "@$BATS_TEST_TMPDIR/body" -e 413
    ended_with 0 "requests == 10" "bytes_sent < 200000000"
    misbehaving ahead # the second answer comes when nothing of the second request has been sent
    measure -c 1 -n 3 -d "@$BATS_TEST_TMPDIR/body"
    ended_with 1 "requests < 3" "bad_response > 0" "failures == bad_response"
}

@test "a connection that the server ends while nothing is asked is opened again for the next request" {
    local PATHS=(/a.end) rate
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' >"$BATS_TEST_TMPDIR/a.end"
    start_server "$BUILD/tests/says" -d "$BATS_TEST_TMPDIR"
    for rate in 20 4 1; do # the busier the machine, the later the server gets to it
        measure -c 1 -n 5 -R "$rate"
        ((V[failures] > 0)) || break
    done
    ended_with 0 "failures == 0" "requests == 5"
    PATHS=(/README.md)
    start_server 08-fsm/serve -t 50 -d "$TOP/book" # who asks nothing for 50 ms is sent away
    for rate in 10 4 1; do
        measure -c 1 -n 3 -R "$rate"
        ((V[failures] > 0)) || break
    done
    ended_with 0 "failures == 0" "requests == 3"
}

@test "a URL that is none, or of another server, is one line" {
    local url wrong
    while IFS='|' read -r url wrong; do
        run -2 "$BUILD/10-webbench/load" "$url"
        [ "$output" = "load: $wrong: '$url'" ]
    done <<'END'
http://|no host
http://:80/|no host
http://::1/|more than one ':'; an IPv6 address stands in []
http://[]/|no host
http://[::1/|no ] after the address
http://[::1]x/|nothing but a port can follow the ]
ftp://a/|only http is spoken here
https://a/|https needs TLS, which is not spoken here
http://a:x/|the port is not a number
http://a:8x/|the port is not a number
http://a:0/|a port is from 1 to 65535
http://a:70000/|a port is from 1 to 65535
http://a:99999999999999999999999/|a port is from 1 to 65535
http://u@a/|a name and password (before the @) would not be sent
http://a/ b|what is no visible ASCII must be percent-encoded
END
    run -2 "$BUILD/10-webbench/load" $'http://a/\r\nX: y'
    [ "$output" = "load: what is no visible ASCII must be percent-encoded: 'http://a/'" ]
    run -2 "$BUILD/10-webbench/load" http://a/ http://b/
    [ "$output" = "load: all URLs must be of one server, unlike 'http://a/' and 'http://b/'" ]
    for url in "-H x" "-H :x" "-e 99" "-e 7xx" "-m CONNECT" "-l 5" "-T 101" "-R 0" "-p 0" "-n 0" \
        "--checksum x" "-d @/" "--visits -p 2" "-n 5 -W 1"; do
        # shellcheck disable=SC2086 # words
        run -2 "$BUILD/10-webbench/load" $url http://127.0.0.1:1/
        [ "${#lines[@]}" -eq 1 ]
    done
    run -2 "$BUILD/10-webbench/load" -d @/nowhere http://a/
    [ "$output" = "load: open: No such file or directory (ENOENT): /nowhere" ]
    mkfifo "$BATS_TEST_TMPDIR/fifo" # that nobody writes into
    run -2 timeout 5 "$BUILD/10-webbench/load" -d "@$BATS_TEST_TMPDIR/fifo" http://a/
    [ "$output" = "load: a body is a file of at most 67108864 bytes, not '$BATS_TEST_TMPDIR/fifo'" ]
    truncate -s 64M "$BATS_TEST_TMPDIR/body"
    run -2 "$BUILD/10-webbench/load" -p 16 -d "@$BATS_TEST_TMPDIR/body" http://127.0.0.1:1/
    [ "${#lines[@]}" -eq 1 ]
    run -1 "$BUILD/10-webbench/load" http://name.invalid/
    [[ $output = "load: getaddrinfo: "*": name.invalid:80" ]]
}

@test "IPv6 in a URL will do, and a port with zeros, or none behind the colon" {
    local PATHS=(/)
    LISTEN="-p 0 -b ::1" misbehaving http
    measure -n 10 -c 2
    ended_with 0 "requests == 10"
    misbehaving http
    PORT=00$PORT measure -n 10 -c 2
    ended_with 0 "requests == 10"
    run -1 "$BUILD/10-webbench/load" -n 1 -c 1 http://127.0.0.255:/
    [[ $output = "1 connection to 127.0.0.255:80, "* ]]
}
