load lib/servers
load 08-fsm/site
teardown() { end_servers; }

# file_said FILE STATUSES: the same for the bytes of FILE, of which not all may be taken.
file_said() {
    meet
    { cat "$1" >&"$PEER"; } 2>/dev/null || true
    hear || return
    echo "heard: $(statuses)"
    [ "$(statuses)" = "$2" ]
}

last='GET /sub/…Connection: close\r\n\r\n' # a request that ends the conversation, answered 200

# all_said < lines "STATUSES | REQUEST", or with "STATUSES + REQUEST", where $last comes after it
# and must be answered, too.
all_said() {
    local line request
    while read -r line; do
        case $line in
        *' | '*) said "${line#* | }" "${line%% | *}" ;;
        *) said "${line#* + }$last" "${line%% + *} 200" ;;
        esac || return
    done
}

# ends_with_head: in $HEARD nothing comes after the last blank line.
ends_with_head() { [ "$(tail -c 4 "$HEARD" | od -An -tx1)" = " 0d 0a 0d 0a" ]; }

# ---- clients that people use ----

needs() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "curl gets a file whole, HEAD the same fields without it, and both on one connection" {
    needs curl
    start_serve
    big_file big 4500000
    run -0 curl -s -o "$BATS_TEST_TMPDIR/big" -w '%{http_code} %{num_connects} ' \
        "http://$ADDRESS:$PORT/big" --next -s -o "$BATS_TEST_TMPDIR/small" \
        -w '%{http_code} %{num_connects}' "http://$ADDRESS:$PORT/sub/"
    [ "$output" = "200 1 200 0" ]
    cmp "$BATS_TEST_TMPDIR/big" "$SITE/big"
    [ "$(<"$BATS_TEST_TMPDIR/small")" = below ]
    diff <(curl -sI "http://$ADDRESS:$PORT/big" | grep -v '^Date') \
        <(curl -si "http://$ADDRESS:$PORT/big" | head -n 7 | grep -av '^Date')
    stop_server
}

@test "curl with a range gets all of the file, as if it had not asked" {
    needs curl
    start_serve
    for range in 0-1 2- -2 9-; do
        run -0 curl -s -r "$range" -w '%{http_code}' "http://$ADDRESS:$PORT/"
        [ "$output" = $'start\n200' ]
    done
}

@test "curl uploads 10 MB: it is refused, by a status that arrives, and no byte of it is a request" {
    needs curl
    start_serve
    yes "GET / HTTP/1.1" | head -c 10000000 >"$BATS_TEST_TMPDIR/upload"
    for expect in 'Expect: 100-continue' 'Expect:'; do
        run -0 curl -si -H "$expect" -T "$BATS_TEST_TMPDIR/upload" "http://$ADDRESS:$PORT/new"
        echo "$output"
        [[ ${lines[0]} = "HTTP/1.1 413 "* ]]
        [ "$(grep -c HTTP/ <<<"$output")" = 1 ]
        run -0 curl -si -H "$expect" -H 'Transfer-Encoding: chunked' \
            -T "$BATS_TEST_TMPDIR/upload" "http://$ADDRESS:$PORT/new"
        [[ ${lines[0]} = "HTTP/1.1 405 "* || ${lines[0]} = "HTTP/1.1 413 "* ]]
        [ "$(grep -c HTTP/ <<<"$output")" = 1 ]
    done
    [ ! -e "$SITE/new" ]
    stop_server
}

@test "curl's upload of a megabyte is refused, and the connection goes on after it" {
    needs curl
    start_serve
    yes "GET / HTTP/1.1" | head -c 1000000 >"$BATS_TEST_TMPDIR/upload"
    run -0 curl -s -H Expect: -T "$BATS_TEST_TMPDIR/upload" -w '%{num_connects} ' \
        "http://$ADDRESS:$PORT/new" --next -s -w '%{http_code} %{num_connects}' "http://$ADDRESS:$PORT/"
    [ "$output" = $'405 Method Not Allowed\n1 start\n200 0' ]
}

@test "curl does not get out of the directory" {
    needs curl
    start_serve
    for path in /../secret /sub/../../secret /%2e%2e/secret /..%2fsecret /%2e%2e%2fsecret \
        /..%5csecret //../secret /%252e%252e/secret /.../secret "$BATS_TEST_TMPDIR/secret"; do
        run -0 curl -s --path-as-is -w '%{http_code}' "http://$ADDRESS:$PORT$path"
        echo "$path: $output"
        [[ $output != *secret* && ${lines[-1]} = 40[04] ]]
    done
}

@test "wget fetches a page and what belongs to it" {
    needs wget
    start_serve
    printf '<link rel="stylesheet" href="sub/a.css"><img src="sub/b.png">' >"$SITE/page.html"
    printf 'body {}' >"$SITE/sub/a.css"
    big_file sub/b.png 270000
    run -0 wget -q -t 1 -T 10 -P "$BATS_TEST_TMPDIR/copy" -nH -p "http://$ADDRESS:$PORT/page.html"
    cmp "$SITE/page.html" "$BATS_TEST_TMPDIR/copy/page.html"
    cmp "$SITE/sub/a.css" "$BATS_TEST_TMPDIR/copy/sub/a.css"
    cmp "$SITE/sub/b.png" "$BATS_TEST_TMPDIR/copy/sub/b.png"
}

@test "a browser shows a page whose script and style come from the server" {
    needs chromium
    [[ $BUILD = */build ]] || skip "a browser tells nothing more about a sanitizer's build"
    start_serve
    printf '<!doctype html><title>t</title><p id=p>no</p><script src="sub/a.js"></script>' \
        >"$SITE/page.html"
    printf 'document.getElementById("p").textContent = "from the " + "script";' >"$SITE/sub/a.js"
    run -0 timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$BATS_TEST_TMPDIR/chromium" --dump-dom "http://$ADDRESS:$PORT/page.html" 3>&- 4>&-
    [[ $output = *'<p id="p">from the script</p>'* ]]
    stop_server
}

# ---- requests and answers ----

@test "methods: GET, HEAD and OPTIONS are answered; what is known is 405 with Allow, the rest 501" {
    start_serve
    all_said <<'END'
        200 + GET /…\r\n
        200 + HEAD /…\r\n
        204 + OPTIONS *…\r\n
        204 + OPTIONS /…\r\n
        405 + PUT /…Content-Length: 0\r\n\r\n
        405 + POST /…\r\n
        405 + DELETE /sub/…\r\n
        405 + TRACE /…\r\n
        405 + CONNECT a:80…\r\n
        501 + BREW /…\r\n
        501 + get /…\r\n
END
    said "HEAD /…\r\n$last" "200 200"
    run ! grep -aq start "$HEARD"
    said "DELETE /…\r\nOPTIONS *…\r\n$last" "405 204 200"
    [ "$(grep -ac $'^Allow: GET, HEAD, OPTIONS\r' "$HEARD")" = 2 ]
    [ -e "$SITE/sub/index.html" ]
}

@test "versions: 1.0 ends unless asked to stay, 1.2 is served as 1.1, others and 0.9 are refused" {
    start_serve
    all_said <<'END'
        200 | GET / HTTP/1.0\r\n\r\n
        200 + GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n
        200 + GET / HTTP/1.2\r\nHost: a\r\n\r\n
        505 | GET / HTTP/2.0\r\nHost: a\r\n\r\n
        400 | GET / HTTP/1.10\r\nHost: a\r\n\r\n
        400 | GET /\r\n
        200 | GET /…Connection: x\r\nConnection: a, CLOSE\r\n\r\nGET /…\r\n
END
    said 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n' "200 200"
    diff <(grep -a ^Connection "$HEARD") <(printf 'Connection: %s\r\n' keep-alive close)
}

@test "targets: absolute form, encoded, with a query, a directory without its slash" {
    start_serve
    printf 'spaced\n' >"$SITE/a+b c.txt"
    all_said <<'END'
        200 + GET http://other/sub/ HTTP/1.1\r\nHost: a\r\n\r\n
        200 + GET http://other HTTP/1.1\r\nHost: a\r\n\r\n
        200 + GET http://other?a=/b HTTP/1.1\r\nHost: a\r\n\r\n
        200 + GET /a+b%20c.txt?x=/../../..…\r\n
        404 + GET /a%2Bb%2520c.txt…\r\n
        400 + GET /%…\r\n
        400 + GET /%0g…\r\n
        400 + GET /a%00b…\r\n
        404 + GET /index.html/…\r\n
        400 | GET sub/…\r\n
        400 | GET *…\r\n
END
    said 'GET //sub?a=%%0d&b…Connection: close\r\n\r\n' 301
    grep -aqx $'Location: /sub/?a=%%0d&b\r' "$HEARD"
}

@test "what is not a regular file, or hidden, or gone, is 404, and nothing blocks" {
    start_serve
    mkfifo "$SITE/fifo"
    ln -s ../secret "$SITE/link"
    printf 'secret' >"$SITE/.hidden"
    all_said <<'END'
        404 + GET /fifo…\r\n
        404 + GET /link…\r\n
        404 + GET /.hidden…\r\n
        404 + GET /none…\r\n
        404 + GET /index.html/x…\r\n
END
}

@test "a client that has the file already is answered 304, by its tag or else by its date" {
    start_serve
    touch -d '2020-02-02 02:02:02 UTC' "$SITE/index.html"
    said 'HEAD /…Connection: close\r\n\r\n' 200
    tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$HEARD")
    [[ $tag = \"*\" ]]
    all_said <<END
        304 + GET /…If-None-Match: $tag\r\n\r\n
        304 + HEAD /…If-None-Match: "x", W/$tag\r\n\r\n
        304 + GET /…If-None-Match: "x"\r\nIf-None-Match: $tag\r\n\r\n
        304 + GET /…If-None-Match: *\r\n\r\n
        200 + GET /…If-None-Match: "x"\r\nIf-Modified-Since: Sun, 02 Feb 2020 02:02:02 GMT\r\n\r\n
        304 + GET /…If-Modified-Since: Sun, 02 Feb 2020 02:02:02 GMT\r\n\r\n
        304 + GET /…If-Modified-Since: Sun Feb  2 02:02:03 2020\r\n\r\n
        200 + GET /…If-Modified-Since: Sun, 02 Feb 2020 02:02:01 GMT\r\n\r\n
        200 + GET /…If-Modified-Since: yesterday\r\n\r\n
        404 + GET /none…If-None-Match: *\r\n\r\n
END
    said "GET /…If-None-Match: $tag\r\nConnection: close\r\n\r\n" 304
    run ! grep -aq '^Content-Length\|^start' "$HEARD"
    printf 'START\n' >"$SITE/index.html" # as long as it was
    touch -d '2020-02-02 02:02:02.5 UTC' "$SITE/index.html"
    said "GET /…If-None-Match: $tag\r\nConnection: close\r\n\r\n" 200
}

@test "a file of the future was modified now, at the latest" {
    start_serve
    touch -d '2040-01-01' "$SITE/index.html"
    said 'GET /…Connection: close\r\n\r\n' 200
    [ "$(sed -n 's/^Date: //p' "$HEARD")" = "$(sed -n 's/^Last-Modified: //p' "$HEARD")" ]
}

# ---- framing ----

@test "a body is passed over, wherever it ends, and what follows it is the next request" {
    start_serve
    all_said <<'END'
        200 + GET /…Content-Length: 18\r\n\r\nGET /x HTTP/1.1\r\n\n
        200 + GET /…Content-Length: 0005\r\n\r\nGET /
        404 + GET /x…Content-Length: 5\r\n\r\nGET /
        405 + PUT /x…Content-Length: 5\r\n\r\nGET /
        405 + POST /…Transfer-Encoding: Chunked\r\n\r\n5;a="b"\r\nGET /\r\n00\r\nX: y\r\n\r\n
        200 + HEAD /…Transfer-Encoding: ,chunked\r\n\r\n0A\r\n0123456789\r\n0\r\n\r\n
        200 200 + GET /…Content-Length: 1\r\n\r\nxGET /…\r\n
        200 + \r\n\r\nGET /…\r\n
END
}

@test "what is framed in two ways, or not well, is refused, and nothing after it is answered" {
    start_serve
    all_said <<'END'
        400 | GET /…Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /…\r\n
        400 | GET /…Content-Length: 5\r\nContent-Length: 6\r\n\r\nGET /GET /…\r\n
        400 | GET /…Content-Length: 1, 2\r\n\r\nxGET /…\r\n
        400 | GET /…Content-Length: +1\r\n\r\nxGET /…\r\n
        400 | GET /…Content-Length: 0x1\r\n\r\nxGET /…\r\n
        400 | GET /…Content-Length: \r\n\r\nGET /…\r\n
        413 | GET /…Content-Length: 99999999999999999999\r\n\r\nGET /…\r\n
        413 | GET /…Content-Length: 18446744073709551617\r\n\r\nxGET /…\r\n
        501 | GET /…Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nGET /…\r\n
        400 | GET /…Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\nGET /…\r\n
        400 | POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /…\r\n
        400 | GET /…Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\nGET /…\r\n
        400 | GET /…Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\nGET /…\r\n
        400 | GET /…Transfer-Encoding: chunked\r\n\r\n\r\nGET /…\r\n
        400 | GET /…Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nGET /…\r\n
        413 | GET /…Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nGET /…\r\n
END
}

@test "lines that are none are refused with 400, once" {
    start_serve
    all_said <<'END'
        400 | GET / HTTP/1.1\r\n\r\nGET /…\r\n
        400 | GET /…Host: a\r\n\r\nGET /…\r\n
        400 | GET / HTTP/1.1\r\nHost: a b\r\n\r\nGET /…\r\n
        400 | GET / HTTP/1.1\r\nHost : a\r\n\r\nGET /…\r\n
        400 | GET /…A: b\r\n c\r\n\r\nGET /…\r\n
        400 | GET /…A\r\n\r\nGET /…\r\n
        400 | GET /…: b\r\n\r\nGET /…\r\n
        400 | GET /…A: b\rc\r\n\r\nGET /…\r\n
        400 | GET /…A: b\n\r\nGET /…\r\n
        400 | GET  /…\r\nGET /…\r\n
        400 | GET / HTTP/1.1 \r\nHost: a\r\n\r\nGET /…\r\n
        400 | GET / http/1.1\r\nHost: a\r\n\r\nGET /…\r\n
        400 | \x20GET /…\r\nGET /…\r\n
        400 | \r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET /…\r\n
        400 | GET /…A: b\0c\r\n\r\nGET /…\r\n
        400 | GET /\0…\r\nGET /…\r\n
        400 | G\0T /…\r\nGET /…\r\n
        400 | GET /…A\xe4: b\r\n\r\nGET /…\r\n
        400 | GET /\xe4…\r\nGET /…\r\n
        200 + GET /…A: \xe4\xff\x80\r\n\r\n
        200 + GET /…Empty:\r\nTab: \t x \t\r\n\r\n
END
}

@test "a HEAD that is refused gets no body either, but what comes after one does" {
    start_serve
    said 'HEAD / HTTP/1.1\r\n\r\n' 400
    ends_with_head
    said 'HEAD /…Content-Length: 99999999\r\n\r\n' 413
    ends_with_head
    said 'HEAD /…\r\n?' "200 400"
    [ "$(tail -n 1 "$HEARD")" = "400 Bad Request" ]
    stop_server
}

@test "Expect: whoever asks first is told to go on, or refused at once; HTTP/1.0 hears no 100" {
    start_serve
    talk <<'END'
        A connect
        A send "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        A recv "HTTP/1.1 100 Continue\r\n\r\n"
        A silent 50ms
        A send "xy"
        A recv "HTTP/1.1 200 OK\r\n"
        B connect
        B send "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        B recv "HTTP/1.1 405 "
        C connect
        C send "GET / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        C silent 50ms
        C send "xy"
        C recv "HTTP/1.1 200 "
END
    all_said <<'END'
        417 | GET /…Expect: miracles\r\n\r\n
        405 | PUT /…Expect: 100-continue\r\nContent-Length: 2\r\n\r\n
        200 + GET /…Expect: 100-continue\r\n\r\n
END
}

# ---- stopping in the middle ----

# The request, as the string of a play and in bytes.
simple='GET /sub/ HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxy'

@test "a request that is cut in two, at any byte, is answered as the whole one" {
    start_serve
    whole=() play='' later=''
    while IFS= read -r byte; do whole+=("$byte"); done < <(grep -oE '\\.|.' <<<"$simple")
    count=${#whole[@]}
    for ((n = 1; n < count; n++)); do
        printf -v first '%s' "${whole[@]:0:n}"
        printf -v second '%s' "${whole[@]:n}"
        play+="A$n connect
               A$n send \"$first\"
"
        later+="A$n send \"$second\"
                A$n recv \"HTTP/1.1 200 OK\\r\\n\"
"
    done
    [ "$(printf %s "${whole[@]}")" = "$simple" ]
    talk <<<"$play all silent 20ms
             $later"
    stop_server
}

@test "every read and write of the server may move one byte: the answers are the same" {
    LONG=$(printf 'GET /…A: %s\\r\\n\\r\\nPOST /…Transfer-Encoding: chunked\\r\\n\\r\\n%s' \
        "$(seq 100 | paste -sd ,)" '5\r\nhello\r\n0\r\n\r\n')
    for plan in read:one,recv:one write:one,send:one \
        read:EINTR,write:EINTR,poll:EINTR,accept:EINTR,syscall:EINTR \
        read:short,write:short; do
        FAULTS=$plan start_serve
        said "$LONG$last" "200 405 200"
        [ "$(tail -n 1 "$HEARD")" = below ]
        stop_server
    done
}

@test "a peer that stops in the middle, and goes, leaves nothing behind" {
    start_serve
    poll_until 5 is_asleep "$SERVER"
    descriptors=$(descriptor_count "$SERVER")
    big_file big 4500000
    talk <<'END'
        A*50 connect
        A send "GET / HT"
        A close
        B*50 connect
        B send "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nxyz"
        B reset
        C*50 connect
        C send "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
        C recv "HTTP/1.1 200 OK\r\n"
        C reset
        D*50 connect
        D reset
        E connect
        E send "GET / HTTP/1.1\r\nHost: a"
        E half-close
        E end
        F connect
        F send "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"
        F half-close
        F end
END
    poll_until 5 descriptors_are "$SERVER" "$descriptors"
    said "$last" 200
    stop_server
}

@test "a peer that half-closes after its requests still gets all that it asked for" {
    start_serve
    big_file big 4500000
    printf 'GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /sub/ HTTP/1.1\r\nHost: a\r\n\r\nGET / HT' |
        "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" >"$BATS_TEST_TMPDIR/answers"
    HEARD=$BATS_TEST_TMPDIR/answers
    [ "$(statuses)" = "200 200" ]
    [ "$(tail -n 1 "$HEARD")" = below ]
    tail -c +"$(($(grep -abom 1 $'^\r$' "$HEARD" | cut -d: -f1) + 3))" "$HEARD" | cmp -n 4500000 - "$SITE/big"
    # The end comes while an answer is still on its way, a byte at a time.
    FAULTS=write:one start_serve
    printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /sub/ HTTP/1.1\r\nHost: a\r\n\r\n' |
        "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" >"$HEARD"
    [ "$(statuses)" = "200 200" ]
    [ "$(tail -n 1 "$HEARD")" = below ]
}

@test "1,000 requests in one write are answered in order, and each completely" {
    start_serve
    for i in {0..9}; do printf '%s\n' "number $i" >"$SITE/$i"; done
    meet
    for i in {1..100}; do
        for j in {0..9}; do printf 'GET /%d HTTP/1.1\r\nHost: a\r\n\r\n' "$j"; done
    done >"$BATS_TEST_TMPDIR/requests"
    printf 'GET /sub/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >>"$BATS_TEST_TMPDIR/requests"
    cat "$BATS_TEST_TMPDIR/requests" >&"$PEER"
    hear
    [ "$(grep -ac '^HTTP/1.1 200 OK' "$HEARD")" = 1001 ]
    diff <(grep -a '^number' "$HEARD") <(for i in {1..100}; do cat "$SITE/"[0-9]; done)
    [ "$(tail -n 1 "$HEARD")" = below ]
}

@test "a half second request does not hold back the first answer, and a bad one does not cut it" {
    start_serve
    big_file big 270000
    talk <<'END'
        A connect
        A send "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP"
        A recv "HTTP/1.1 200 OK\r\n"
END
    said 'GET /big…\r\nGET /…A : b\r\n\r\nGET /…\r\n' "200 400"
    [ "$(grep -ac '^1[0-9]\{7\}$' "$HEARD")" -ge 30000 ]
}

# ---- limits ----

@test "a request line of 8,000 bytes is served, one of 9,000 is 414; neither is looked for long" {
    start_serve
    printf -v long '%*s' 7980 ''
    said "GET /${long// /a}…Connection: close\r\n\r\n" 404
    printf -v long '%*s' 9000 ''
    said "GET /${long// /a}…\r\nGET /…\r\n" 414
    said "${long// /A}" 414
    said "GET /${long// /a}" 414
}

@test "a header of a megabyte, 10,000 headers, trailers without end: 431, and the status arrives" {
    start_serve
    request="$BATS_TEST_TMPDIR/request"
    { printf 'GET / HTTP/1.1\r\nHost: a\r\nA: ' && head -c 1000000 /dev/zero | tr '\0' x; } >"$request"
    file_said "$request" 431
    { printf 'GET / HTTP/1.1\r\nHost: a\r\n' && yes $'A: b\r' | head -n 10000; } >"$request"
    file_said "$request" 431
    { printf 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n' &&
        yes $'A: b\r' | head -n 10000; } >"$request"
    file_said "$request" 431
}

@test "a megabyte more than is taken: 413, at once by its length, or when the chunks add up" {
    start_serve
    request="$BATS_TEST_TMPDIR/request"
    said 'PUT /…Content-Length: 2000000\r\n\r\n' 413
    { printf 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
        for _ in {1..30}; do
            printf '10000\r\n'
            head -c 65536 /dev/zero
            printf '\r\n'
        done; } >"$request"
    file_said "$request" 413
}
