# builds: chapters/00-sockets/tcp-client.c
load ../../lib/exercises
load 4-mine

@test "without -P, and with -P echo, it sends back what it is sent" {
    local options
    for options in "" "-P echo"; do
        # shellcheck disable=SC2086 # none, or two words
        serve $options
        talk <<<'A connect
                 A send "GET / HTTP/1.0\r\n\r\n\0"
                 A recv "GET / HTTP/1.0\r\n\r\n\0"
                 A half-close
                 A end'
        dismiss
    done
}

@test "with -P http it answers GET / with the index.html of its -d" {
    serve_site
    hear 'GET / HTTP/1.0\r\n\r\n'
    same "its first bytes" "HTTP/1.1 200 " "${HEARD:0:13}"
    same "its last line" start "${HEARD##*$'\n'}"
}

# points: 2
@test "a file comes whole, with its length and the type of its name" {
    local name type
    serve_site
    hear 'GET /sub/data.png?a=b HTTP/1.0\r\n\r\n'
    hint "bytes are no string, and write() may take less than it is given"
    has_field 'Content-Length: 300000'
    tail -c 300000 "$BATS_TEST_TMPDIR/heard" >"$BATS_TEST_TMPDIR/body"
    cmp "$BATS_TEST_TMPDIR/body" "$SITE/sub/data.png" || same "the file" "as it is" "another one"
    while read -r name type; do
        hear "GET $name HTTP/1.0\r\n\r\n"
        has_field "Content-Type: $type"
    done <<'TYPES'
/ text/html.*
/sub/ text/html.*
/sub/data.png image/png
/style.CSS text/css.*
/a%20b.txt text/plain.*
/empty.html text/html.*
/unknown application/octet-stream
TYPES
}

# points: 2
@test "HEAD brings the same fields as GET, and no body" {
    local fields
    serve_site
    open_connection
    ask "$(page GET /)"
    take_answer
    fields=$(grep -vi '^date:' <<<"$FIELDS")
    ask "$(page HEAD /)"
    take_answer HEAD
    same "the fields after HEAD" "$fields" "$(grep -vi '^date:' <<<"$FIELDS")"
    hint "Content-Length says what GET would bring; HEAD ends with the blank line all the same"
    ask "$(page GET /sub/)"
    take_answer
    same "the body of the answer behind it" below "$BODY"
    ask "$(page HEAD /nothing)"
    take_answer HEAD
    ask "$(page GET /)"
    take_answer
    same "the body behind a HEAD that found nothing" start "$BODY"
}

# points: 2
@test "a second request is answered on the same connection" {
    local i descriptors
    serve_site
    open_connection
    for i in 1 2 3; do
        ask 'GET / HTTP/1.1\r\nhOST: a\r\n\r\n'
        take_answer
        same "answer $i" "200 start" "$STATUS_CODE $BODY"
        ((i > 1)) || descriptors=$(descriptor_count "$SERVER")
    done
    hint "what open() brings is close()d, after each answer"
    poll_until 2 no_more_descriptors "$descriptors" >/dev/null ||
        same "descriptors after the third answer" "as after the first: $descriptors" "$(descriptor_count "$SERVER")"
    ask 'GET /sub/ HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'
    take_answer
    if [[ ${FIELDS,,} = *'connection: keep-alive'* ]]; then # HTTP/1.0 may be kept, too
        ask "$(page GET /)"
        take_answer
    fi
}

# points: 2
@test "requests that come in one piece are all answered, in order" {
    serve_site
    hint "what is left over behind a request is the next one; read() only if it is not all there"
    open_connection
    ask "$(page GET /)$(page GET /sub/)$(page HEAD /)$(page GET /sub/)GET / HT"
    take_answer
    same "the first" start "$BODY"
    take_answer
    same "the second" below "$BODY"
    take_answer HEAD
    take_answer
    same "the fourth" below "$BODY"
    ask 'TP/1.1\r\nHost: a\r\n\r\n'
    take_answer
    same "the fifth, of which a half came later" start "$BODY"
}

# points: 2
@test "a request that comes a byte at a time is one request" {
    serve_site
    hint "one read() may bring any part of a head: go on until the blank line is there"
    talk <<<'A connect
             A send-slowly "GET /nothing HTTP/1.1\r\nHost: a\r"
             A silent 50ms
             A send-slowly "\n\r"
             A silent 50ms
             A send "\n"
             A recv "HTTP/1.1 404 "'
}

# points: 1
@test "HTTP/1.0 and Connection: close end the connection, and say so" {
    local request
    serve_site
    for request in 'GET / HTTP/1.0\r\n\r\n' 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' \
        'GET / HTTP/1.1\r\nHost: a\r\nconnection: Close\r\n\r\n'; do
        open_connection
        ask "$request"
        take_answer
        same "the status" 200 "$STATUS_CODE"
        has_field 'Connection: close'
        ends
    done
}

# points: 1
@test "what is not there is 404, and the connection goes on" {
    local target
    serve_site
    open_connection
    for target in /nothing /sub/nothing /index.html/ /nothing/at/all; do
        ask "$(page GET $target)"
        take_answer
        same "the status of $target" 404 "$STATUS_CODE"
    done
    ask "$(page GET /)"
    take_answer
    same "the next answer" "200 start" "$STATUS_CODE $BODY"
}

# points: 1
@test "another method is 405, with Allow: GET, HEAD" {
    local method
    serve_site
    for method in POST PUT DELETE; do
        hear "$method /index.html HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        same "the status of $method" "405" "$(statuses)"
        has_field 'Allow: GET, *HEAD'
    done
    same "the file" start "$(<"$SITE/index.html")"
}

# points: 1
@test "a body is never taken for a request" {
    local inner='GET / HTTP/1.1\r\nHost: a\r\n\r\n' method pieces
    hint "it has as many bytes as Content-Length says: skip them, or end the connection"
    for pieces in read:one,recv:one ''; do
        FAULTS=$pieces serve_site
        [[ ! $pieces ]] || did "(it is given a byte at a time)"
        for method in POST GET; do
            hear "$method /nothing HTTP/1.1\r\nHost: a\r\ncontent-length: 27\r\n\r\n$inner"
            [[ $(statuses) = 40[45] ]] || same "the statuses of what comes back" "one, 404 or 405" "$(statuses)"
        done
        [[ ! $pieces ]] || dismiss
    done
    hear "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n$inner\r\n0\r\n\r\n"
    [[ $(statuses) =~ ^(4..|501)$ ]] || same "the statuses after a body in chunks" "one" "$(statuses)"
}

# points: 2
@test "what is no request is 400, and the connection ends" {
    local request
    serve_site
    hint "nobody knows where the next request would begin: end the connection"
    while read -r request; do
        open_connection
        ask "$request\r\n\r\n$(page GET /)"
        take_answer
        same "the status" 400 "$STATUS_CODE"
        ends
    done <<'REQUESTS'
GET
GET / HTTP/1.1
GET / HTTP/1.1\r\nHost: a\r\nHost: a
GET / HTTP/1.1\r\nHost: a\r\nX : y
GET / HTTP/1.1\r\nHost: a\r\nno colon
GET / HTTX/1.1\r\nHost: a
GET / HTTP/1.x\r\nHost: a
GET /a b HTTP/1.1\r\nHost: a
GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1
REQUESTS
}

# points: 3
@test "a target that leads out brings nothing, in no disguise" {
    local target
    serve_site
    hint "decode first, and once; then resolve the dots; then open below the directory"
    for target in /../secret.txt /sub/../../secret.txt /%2e%2e/secret.txt /.%2e/secret.txt \
        /..%2fsecret.txt /sub/..%2F..%2Fsecret.txt /%252e%252e/secret.txt '/....//secret.txt' \
        /../site-old/plan.txt "/$BATS_TEST_TMPDIR/www/secret.txt" http://a/../secret.txt \
        /sub%00/../../secret.txt '/..\\secret.txt'; do
        hear "GET $target HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        [[ $(statuses) = 40[034] && $HEARD != *secret ]] ||
            same "the status of $target" "400, 403 or 404" "$(statuses)"
    done
    hear 'GET /sub/../%69ndex.html HTTP/1.0\r\n\r\n'
    same "the status of /sub/../%69ndex.html, which does not lead out" 200 "$(statuses)"
}

# points: 1
@test "a FIFO, a directory and a link that leads out are no files" {
    local target
    serve_site
    hint "open() of a FIFO waits for somebody to write into it, unless O_NONBLOCK; fstat() tells what it is"
    for target in /fifo /sub/deep/ /link /up/secret.txt; do
        hear "GET $target HTTP/1.0\r\n\r\n"
        [[ $(statuses) = 40[34] ]] || same "the status of $target" "404" "$(statuses)"
    done
    hear 'GET / HTTP/1.0\r\n\r\n'
    same "the status of / afterwards" 200 "$(statuses)"
}

# points: 1
@test "a head without an end is cut off, and the next peer is served" {
    local endless
    serve_site
    hint "a buffer that is full and holds no blank line: nothing that comes can help"
    for endless in "GET /$(printf '%20000s' '' | tr ' ' x)" \
        "GET / HTTP/1.0$(printf '\\r\\nX: y%.0s' {1..5000})"; do
        did "sent ${#endless} bytes of a head, and no blank line"
        HEARD=$(printf '%b' "$endless" | cut_off) || same "the connection" "ends" "it does not end"
        [[ $HEARD != *' 200 '* ]]
    done
    hint "a head of 4,000 bytes has to have room"
    hear "GET / HTTP/1.0\r\nX: $(printf '%03972d' 0)\r\n\r\n"
    same "the status of the next peer" 200 "$(statuses)"
}

# points: 1
@test "a peer that leaves in the middle of a file does not end it" {
    serve_site
    truncate -s 8M "$SITE/large"
    talk <<<'A connect
             A send "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 200 "
             A reset
             B connect
             B send "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
             B recv "HTTP/1.1 200 "
             C*3 connect
             C send "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
             C close
             B close
             D connect
             D send "GET / HTTP/1.0\r\n\r\n"
             D recv "HTTP/1.1 200 "'
}

# points: 1
@test "SIGTERM ends it while a kept connection is silent" {
    serve_site
    open_connection
    ask "$(page GET /)"
    take_answer
    poll_until 5 is_asleep "$SERVER"
    did "sent SIGTERM while it waits for the next request"
    stop_server
}

# points: 1
@test "a wrong -P is a usage line and status 2, a missing -d status 1" {
    run_mine -P gopher -p 0
    same "the status after -P gopher" 2 "$STATUS"
    same "the stdout after -P gopher" "" "$(<"$OUT")"
    grep -q usage: "$ERR" || same "the stderr after -P gopher" "usage: …" "$(head -n 1 "$ERR")"
    run_mine -P http -d "$BATS_TEST_TMPDIR/nowhere" -p 0
    same "the status after -d nowhere" 1 "$STATUS"
    same "the stdout after -d nowhere" "" "$(<"$OUT")"
    same "lines on stderr after -d nowhere" 1 "$(wc -l <"$ERR")"
}
