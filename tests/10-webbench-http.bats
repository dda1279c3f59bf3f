# 10-webbench-http.bats - load, asking by HTTP; with echo it is in 10-webbench.bats
# shellcheck disable=SC2034 # measure reads PATHS
load lib/servers
load lib/compile
load 10-webbench/measure
teardown() { end_servers; }

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
    measure_until "requests == due && unsent == 0" -c 10 -R 300 -W 0.1 -T 2
    ended_with 0 "due == 300 * 10#${V[seconds]/./} / 1000" "response_max_us >= max_us"
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
