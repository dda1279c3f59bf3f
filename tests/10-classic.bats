# 10-classic.bats - webbench, the classic: what it sends, what it counts, and that it comes to an end
# and says why, whatever the server does. tests/misbehave is the server for that.

load lib/servers
teardown() { end_servers; }

# measure [OPTION...] [URL]: runs webbench against the server, or the URL. Sets $status, $output, $stderr;
# SUSCEED and DUE, figures of the report.
measure() {
    local url=http://$ADDRESS:$PORT/
    [[ ${!#} != *://* ]] || url=
    run --separate-stderr timeout 30 "$BUILD/10-webbench/webbench" "$@" ${url:+"$url"} 3>&- 4>&-
    SUSCEED='' DUE=''
    [[ $output =~ Requests:\ ([0-9]+)\ susceed, ]] || return 0
    SUSCEED=${BASH_REMATCH[1]}
    [[ $output =~ \;\ ([0-9]+)\ still\ due ]]
    DUE=${BASH_REMATCH[1]}
}

# measure_until PATTERN [OPTION...]: measures for longer and longer until the report has the pattern: on a
# busy machine nothing may happen for a while.
measure_until() {
    local seconds
    for seconds in 0.03 1 4 8; do
        measure -t "$seconds" "${@:2}"
        # shellcheck disable=SC2053 # a pattern
        [[ $output != $1 ]] || return 0
    done
    echo "not in the report: $1"
    echo "$output"
    echo "${stderr-}"
    return 1
}

misbehaving() {
    start_server "$BUILD/tests/misbehave" -w "$1"
}

# ---- what it counts ----

@test "the classic calls 404s a success: '0 failed', 112 bytes a page; only the line Answers tells" {
    local speed=
    start_server 10-webbench/liar-404
    measure_until "*Requests: [1-9]* susceed, 0 failed.*" -c 3
    [[ $output = *"Answers: $SUSCEED 4xx; $DUE still due"* ]]
    [[ $output =~ Speed=([0-9]+)\ pages/min,\ ([0-9]+)\ bytes/sec ]]
    speed=${BASH_REMATCH[1]}
    (((60 * BASH_REMATCH[2] - 112 * speed) ** 2 < 200 ** 2)) # they are rounded
    [ "$status" -eq 1 ]
    [ "$stderr" = "webbench: only 0 of $SUSCEED requests got a whole page" ]
    measure_until "*Answers: [1-9]*" -2
    [[ $output = *"Answers: $SUSCEED 2xx; "* ]]
    [ "$status" -eq 0 ]
}

@test "it counts what the server has answered, but for those still due; the speed is of the time" {
    local answered
    misbehaving http
    measure -c 5 -t 0.2
    [[ $output = *"Speed=$((SUSCEED * 300)) pages/min, $((SUSCEED * 71 * 5)) bytes/sec."* ]]
    stop_server
    read -r _ answered _ <"$SERVER_ERR"
    ((SUSCEED <= answered && answered <= SUSCEED + DUE))
}

@test "with -f it waits for no answer" {
    misbehaving silent
    measure_until "*Requests: [1-9]* susceed, 0 failed.*Answers: not waited for; *" -f
    [ "$status" -eq 0 ]
    [[ $output = *"1 client, running "*" sec, early socket close."* ]]
}

# ---- what it sends ----

# sends OPTIONS TARGET LINE...: with these options, and the target behind the server's URL, the request is these
# lines. No two calls may have the same target: the server may still be at an earlier request.
sends() {
    local options=$1 target=$2
    shift 2
    # shellcheck disable=SC2086 # words
    measure_until "*Requests: [1-9]* susceed*" $options "http://$ADDRESS:$PORT$target"
    printf '%s\r\n' "$@" >"$BATS_TEST_TMPDIR/expected"
    grep -F -m 1 -A $(($# - 1)) -e "$1" "$SERVER_ERR" | diff - "$BATS_TEST_TMPDIR/expected"
}

@test "each option changes the bytes of the request as documented" {
    misbehaving shows
    local host="Host: $ADDRESS:$PORT" agent="User-Agent: webbench"
    sends "" /a "GET /a HTTP/1.0" "$host" "$agent" ""
    sends "-1 --get" "/b?q#f" "GET /b?q HTTP/1.0" "$host" "$agent" ""
    sends -2 "?c" "GET /?c HTTP/1.1" "$host" "$agent" "Connection: close" ""
    sends -r /d "GET /d HTTP/1.0" "$host" "$agent" "Pragma: no-cache" ""
    sends -9 /e "GET /e"
    [ "$status" -eq 0 ]
    [[ $output = *"Answers: $SUSCEED without a status;"* ]]
}

@test "what a version does not know raises it: HEAD and reload to 1.0, OPTIONS and TRACE to 1.1" {
    misbehaving shows
    local host="Host: $ADDRESS:$PORT" agent="User-Agent: webbench" close="Connection: close"
    sends "-9 --head" /a "HEAD /a HTTP/1.0" "$host" "$agent" ""
    [ "$status" -eq 0 ] # and no body is missed
    sends "--http09 --reload" /b "GET /b HTTP/1.0" "$host" "$agent" "Pragma: no-cache" ""
    sends --options /c "OPTIONS /c HTTP/1.1" "$host" "$agent" "$close" ""
    sends "--http10 --trace" /d "TRACE /d HTTP/1.1" "$host" "$agent" "$close" ""
    [[ $output = "Benchmarking: TRACE http://$ADDRESS:$PORT/d (using HTTP/1.1)"* ]]
}

@test "a proxy is told the whole URL, and asked for it in the place of its host" {
    misbehaving shows
    measure_until "*Requests: [1-9]* susceed*" -p "$ADDRESS:$PORT" "http://[2001:db8::1]:81/x?y#z"
    [[ $output = *", via proxy server $ADDRESS:$PORT."* ]]
    printf '%s\r\n' "GET http://[2001:db8::1]:81/x?y HTTP/1.0" "Host: [2001:db8::1]:81" \
        "User-Agent: webbench" "" >"$BATS_TEST_TMPDIR/expected"
    head -n 4 "$SERVER_ERR" | diff - "$BATS_TEST_TMPDIR/expected"
}

@test "IPv6 will do, and a name" {
    LISTEN="-p 0 -b ::1" misbehaving http
    measure_until "*Requests: [1-9]* susceed, 0 failed.*" -c 2 "http://[::1]:$PORT"
    misbehaving http
    measure_until "*Requests: [1-9]* susceed, 0 failed.*" "http://localhost:$PORT"
}

# ---- servers that misbehave ----

@test "whatever a server does instead of answering, it ends on time, says what, and status is 1" {
    local ways=() whats=() urls=() pids=() seconds way what i report
    while read -r way what <&7; do
        misbehaving "$way"
        ways+=("$way") whats+=("$what") urls+=("http://$ADDRESS:$PORT/")
    done 7<<'END'
silent 0 susceed, 0 failed.*Answers: none; 2 still due
deaf 0 susceed, 0 failed.*Answers: none; 2 still due
http-drips 0 susceed, 0 failed.*Answers: none; 2 still due
stalls 0 susceed, 0 failed.*Answers: none; 2 still due
endless-headers 0 susceed, 0 failed.*Answers: none; 2 still due
pours 0 susceed, 0 failed.*Answers: none; 2 still due
closes Answers: [1-9]* empty;
resets Speed=0 pages*Failures: [1-9]* to receive; the last said ECONNRESET.
http-resets Failures: [1-9]* to receive; the last said ECONNRESET.
headers Answers: [1-9]* cut short or too long;
half-head Answers: [1-9]* cut short or too long;
short Answers: [1-9]* cut short or too long;
long Answers: [1-9]* cut short or too long;
negative-length Answers: [1-9]* cut short or too long;
huge-length Answers: [1-9]* cut short or too long;
two-lengths Answers: [1-9]* cut short or too long;
no-length Answers: [1-9]* cut short or too long;
garbage Answers: [1-9]* without a status;
not-found Answers: [1-9]* 4xx;
error Answers: [1-9]* 5xx;
END
    for seconds in 0.1 0.5 2 8; do # all at once, and again whoever did not come so far
        for i in "${!ways[@]}"; do
            timeout 30 "$BUILD/10-webbench/webbench" -c 2 -t $seconds "${urls[i]}" \
                >"$BATS_TEST_TMPDIR/${ways[i]}" 2>&1 3>&- 4>&- ||
                echo "status $?" >>"$BATS_TEST_TMPDIR/${ways[i]}" &
            pids[i]=$!
        done
        for i in "${!ways[@]}"; do
            wait "${pids[i]}"
            report=$(<"$BATS_TEST_TMPDIR/${ways[i]}")
            # shellcheck disable=SC2053 # a pattern
            [[ $report != *${whats[i]}*"webbench: only 0 of "*" requests got a whole page
status 1" ]] || unset "ways[i]"
        done
    done
    for way in "${ways[@]}"; do
        echo "$way:"
        cat "$BATS_TEST_TMPDIR/$way"
    done
    [ "${#ways[@]}" -eq 0 ]
}

@test "a page that ends with the connection is whole; in chunks nobody looks, right or wrong" {
    local way
    for way in until-end bad-chunk cut-chunk; do
        misbehaving $way
        measure_until "*Answers: [1-9]* 2xx; *"
        [ "$status" -eq 0 ]
    done
}

@test "where connect() hangs it ends on time; a server that lets nobody in is given up after 5 s" {
    local seconds
    for seconds in 0.2 2 8; do # longer if no client came to ask
        misbehaving full
        measure -c 3 -t $seconds # to see whether it is there takes the only room
        [[ $output != *"Answers: none; "[1-3]" still due"* ]] || break
    done
    [ "$status" -eq 1 ]
    [[ $output = *"Requests: 0 susceed, 0 failed."*"Answers: none; "[1-3]" still due when the time was up." ]]
    measure -t "$seconds"
    [ "$status:$output:$stderr" = "1::webbench: no connection within 5 s: $ADDRESS:$PORT" ]
}

@test "who hangs up before being asked is an empty answer or a reset" {
    misbehaving hangs-up
    measure_until "*, [1-9]* failed.*" -c 3
    [[ $output = *"ECONNRESET"* || $output = *"EPIPE"* ]]
    [ "$status" -eq 1 ]
}

@test "it loses no answer when its calls are cut short or interrupted" {
    # One client: a report goes through the pipe in one piece, whoever else writes; only these faults
    # could tear it.
    local plan
    start_server 10-webbench/liar-404
    for plan in read:one,write:one read:short,write:short read:EINTR,write:EINTR,connect:EINTR@3; do
        export FAULTS=$plan
        measure_until "*Requests: [1-9]* susceed*" -2
        unset FAULTS
        echo "$plan: $output"
        [ "$status" -eq 0 ]
        [[ $output = *" susceed, 0 failed."*"Answers: $SUSCEED 2xx;"* ]]
    done
}

# ---- what it takes ----

# refuses REASON [OPTION...] URL: it says just that, in one line, whatever stands in the URL; status is 2.
refuses() {
    run -2 "$BUILD/10-webbench/webbench" "${@:2}"
    echo "$output"
    [[ ${#lines[@]} = 1 && $output = "webbench: the "*"': $1" && ${#output} -lt 200 ]]
}

@test "what is wrong with a URL is told in one line, and status is 2" {
    local url
    for url in "" foo localhost:8000/ http:/a/ ://a/ /http://a/ 'http//:a/'; do
        refuses "it must begin with http://" "$url"
    done
    refuses "https needs TLS, which is not spoken here" HTTPS://a/
    refuses "only http is spoken here" ftp://a/
    refuses "a name and password (before the @) would not be sent" http://user@a/
    refuses "a name and password (before the @) would not be sent" http://user:word@a:80/
    for url in http:// http:/// http://:/ http://:80/ "http://?a" "http://#a" "http://[]/"; do
        refuses "no host" "$url"
    done
    refuses "the host is longer than 255 bytes" "http://$(printf %0256d 1)/"
    refuses "no ] after the address" "http://[::1/"
    refuses "no ] after the address" "http://["
    refuses "nothing but a port can follow the ]" "http://[::1]x/"
    refuses "what stands in [] must be an IPv6 address" "http://[a]/"
    refuses "more than one ':'; an IPv6 address stands in []" "http://::1/"
    for url in 0 00 65536 99999 99999999999999999999; do
        refuses "a port is from 1 to 65535" "http://a:$url/"
    done
    for url in x 1x -1 +1 0x50 1.0; do
        refuses "the port is not a number" "http://a:$url/"
    done
    run -2 "$BUILD/10-webbench/webbench" "http://a/$(printf %05000d 1)"
    [ "$output" = "webbench: the URL is longer than 4000 bytes" ]
}

@test "nothing in a URL can begin a line of the request: only what is visible is sent, as it stands" {
    local url
    for url in "http://a/ b" $'http://a/\r\nX-Evil: 1' $'http://a/\n' $'http://a/\t' $'http://a/\x7f' \
        $'http://a\r\n/' $'http://a/\u4e2d' $'http://\x01/' $'\nhttp://a/' " http://a/"; do
        refuses "what is no visible ASCII must be percent-encoded" "$url"
        refuses "what is no visible ASCII must be percent-encoded" -p 127.0.0.1:1 "$url"
    done
    misbehaving shows
    sends "" "/a%0d%0aX-Evil:%201" "GET /a%0d%0aX-Evil:%201 HTTP/1.0" "Host: $ADDRESS:$PORT" \
        "User-Agent: webbench" ""
}

@test "what is wrong with a proxy is told in one line; what it understands is its own business" {
    local wrong
    refuses "no host" -p : http://a/
    refuses "no host" -p "" http://a/
    refuses "the port is not a number" -p x:y http://a/
    refuses "a port is from 1 to 65535" -p x:0 http://a/
    refuses "no ] after the address" -p "[::1" http://a/
    for wrong in http://a:80 a:80/ user@a:80 "a b" $'a\nb'; do
        refuses "HOST:PORT is all that it may be" -p "$wrong" http://a/
    done
    refuses "it must begin with http://" -p a:80 a/ # and then so does the URL
    run -1 "$BUILD/10-webbench/webbench" -p 999.0.0.1 http://a/
    [[ $output = "webbench: getaddrinfo: "*": 999.0.0.1:80" ]]
    run -1 "$BUILD/10-webbench/webbench" -p 127.0.0.1:1 https://a:443/
    [ "$output" = "webbench: connect: Connection refused (ECONNREFUSED): 127.0.0.1:1" ]
    LISTEN="-p 0 -b ::1" misbehaving http
    measure_until "*Requests: [1-9]* susceed, 0 failed.*" -p "[::1]:$PORT" http://a/
}

@test "no port, or an empty one, is 80; zeros before it do not count" {
    local operands
    for operands in http://999.0.0.1 http://999.0.0.1:/ "http://999.0.0.1:00080/?:8" "-p 999.0.0.1 http://a/" \
        "-p 999.0.0.1: http://a:81/"; do
        # shellcheck disable=SC2086 # words
        run -1 "$BUILD/10-webbench/webbench" $operands
        [[ $output = "webbench: getaddrinfo: "*": 999.0.0.1:80" ]]
    done
    misbehaving http
    measure_until "*Requests: [1-9]* susceed, 0 failed.*" "http://$ADDRESS:000$PORT"
}

@test "an unknown host, or a port where nobody listens, is one line, and status is 1" {
    run -1 "$BUILD/10-webbench/webbench" http://999.0.0.1/
    [[ $output = "webbench: getaddrinfo: "*": 999.0.0.1:80" ]]
    run -1 "$BUILD/10-webbench/webbench" "http://[::1]:1/"
    [ "$output" = "webbench: connect: Connection refused (ECONNREFUSED): [::1]:1" ]
}

@test "a wrong option is one line and status 2; the help says what a success is" {
    local words
    for words in "" "-c http://a/" "-c 0 http://a/" "-t 0.001 http://a/" "-t x http://a/" "-z http://a/" \
        "http://a/ http://b/" "--get=1 http://a/"; do
        # shellcheck disable=SC2086 # words
        run -2 "$BUILD/10-webbench/webbench" $words
        [ "${#lines[@]}" -eq 1 ]
    done
    for words in '-?' -h --help; do
        run -0 "$BUILD/10-webbench/webbench" "$words"
        [[ $output = "usage: webbench [OPTION...] URL"*"a 404 is a success. So the classic counts."* ]]
    done
    run -0 "$BUILD/10-webbench/webbench" --version
    run -0 "$BUILD/10-webbench/webbench" -V
}
