# The state machine of lib/http_parser. The rules are those of RFC 9110 and 9112.
bats_require_minimum_version 1.8.0
load lib/servers

corpus=$TOP/tests/08-fsm/corpus
host='Host: a\r\n'
get="GET / HTTP/1.1\r\n$host"
post="POST / HTTP/1.1\r\n$host"
chunked="${post}Transfer-Encoding: chunked\r\n\r\n"

# parse BYTES: what the machine says of them (escapes as for printf's %b) goes to $output.
parse() {
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/bytes"
    run "$BUILD/tests/http_parser" <"$BATS_TEST_TMPDIR/bytes"
}

# says LINE...: each is a line of $output, or a part of one.
says() {
    local line
    for line; do
        if ! grep -qF -- "$line" <<<"$output"; then
            printf 'nothing says %s in:\n%s\n' "$line" "${output:0:2000}"
            return 1
        fi
    done
}

# takes BYTES PART...
takes() {
    parse "$1"
    shift
    ((status == 0)) || { echo "$output" && return 1; }
    says "$@"
}

# refuses STATUS BYTES...
refuses() {
    local expected=$1 bytes
    shift
    for bytes; do
        parse "$bytes"
        if [[ ${lines[-1]} != "error $expected" ]]; then
            printf 'not refused with %s: %s\n%s\n' "$expected" "${bytes:0:500}" "${output:0:2000}"
            return 1
        fi
    done
}

# repeat N TEXT
repeat() {
    printf "%0$1d" 0 | sed "s/0/$2/g"
}

# ---- however it is cut ----

@test "every message of the corpus is the same at each split, and byte by byte" {
    "$BUILD/tests/http_parser" splits "$corpus"/*/*
}

@test "and so is every wrong version of it, in random pieces" {
    "$BUILD/tests/http_parser" mutate 100 "$corpus"/*/*
}

@test "the valid messages of the corpus are taken, the others refused with the status in their name" {
    local file expected
    for file in "$corpus"/valid/*; do
        run -0 "$BUILD/tests/http_parser" <"$file"
    done
    for file in "$corpus"/invalid/*; do
        expected=${file##*/}
        run -1 "$BUILD/tests/http_parser" <"$file"
        [[ ${lines[-1]} = "error ${expected%%-*}" ]] || { echo "$file: $output" && return 1; }
    done
}

@test "no prefix of a valid message is an error, and none is an answer before its last byte" {
    local message="PUT /x HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nok" len prefix
    printf '%b' "$message" >"$BATS_TEST_TMPDIR/whole"
    len=$(wc -c <"$BATS_TEST_TMPDIR/whole")
    for ((prefix = 1; prefix < len; prefix++)); do
        head -c "$prefix" "$BATS_TEST_TMPDIR/whole" >"$BATS_TEST_TMPDIR/prefix"
        run -0 "$BUILD/tests/http_parser" <"$BATS_TEST_TMPDIR/prefix"
        [[ $output = *"more, within a message"* && $output != *"end at"* ]]
        [[ $prefix -ge $((len - 2)) || $output != *head* ]]
    done
    takes "$message" "body <ok>" "end at $len" "between a message"
}

# ---- the request line ----

@test "a request line is method, target and version, with one space between them" {
    takes "$get\r\n" 'method=<GET> origin target=</>' 'HTTP/1.1 keep-alive length=0' 'end at 27'
    refuses 400 " $get\r\n" "GET  / HTTP/1.1\r\n" "GET /  HTTP/1.1\r\n" "GET\t/ HTTP/1.1\r\n" \
        "GET / HTTP/1.1 \r\n" "GET HTTP/1.1\r\n" "GET / a HTTP/1.1\r\n"
}

@test "a method is a token, in capitals or not; what it means is for the caller to know" {
    takes "BREW / HTTP/1.1\r\n$host\r\n" 'method=<BREW>? '
    takes "get / HTTP/1.1\r\n$host\r\n" 'method=<get>? '
    refuses 400 'G(T / HTTP/1.1\r\n' 'G\x01T / HTTP/1.1\r\n' 'G\xc9T / HTTP/1.1\r\n' '\x16\x03\x01'
}

@test "the version is HTTP/1 and a digit: a higher minor one is 1.1, another major one 505" {
    takes 'GET / HTTP/1.0\r\n\r\n' 'HTTP/1.0 close'
    takes "GET / HTTP/1.9\r\n$host\r\n" 'HTTP/1.1 keep-alive'
    refuses 505 'GET / HTTP/2.0\r\n' 'GET / HTTP/0.9\r\n'
    refuses 400 'GET / http/1.1\r\n' 'GET / HTTP/1.10\r\n' 'GET / HTTP/11\r\n' 'GET / HTTP/1\r\n' \
        'GET / HTTP/1.x\r\n' 'GET / HTTQ/1.1\r\n'
}

@test "HTTP/0.9 is refused" {
    refuses 400 'GET /\r\n' 'GET / \r\n'
}

@test "up to 4 empty lines before a request line are passed over, before each request anew" {
    local four='\r\n\r\n\r\n\r\n'
    takes "$four$get\r\n$four$get\r\n" 'end at 35' 'end at 70'
    refuses 400 "$four\r\n$get\r\n" "\n$get\r\n" "\r$get\r\n"
    parse "$four"
    says 'between a message'
}

# ---- the target ----

@test "a target is a path, a URL, for OPTIONS *, for CONNECT and only for it host and port" {
    takes "GET /a?b=%20 HTTP/1.1\r\n$host\r\n" 'origin target=</a?b=%20> host=<a> path=</a?b=%20>'
    takes "OPTIONS * HTTP/1.1\r\n$host\r\n" 'asterisk target=<*> host=<a> path=<>'
    takes "CONNECT b:443 HTTP/1.1\r\n$host\r\n" 'authority target=<b:443> host=<b:443> path=<>'
    refuses 400 "GET * HTTP/1.1\r\n$host\r\n" "GET b:80 HTTP/1.1\r\n$host\r\n" \
        "GET a/b HTTP/1.1\r\n$host\r\n" "CONNECT /a HTTP/1.1\r\n$host\r\n" \
        "CONNECT b HTTP/1.1\r\n$host\r\n" "CONNECT [::1] HTTP/1.1\r\n$host\r\n" "CONNECT b: HTTP/1.1\r\n$host\r\n"
}

@test "the host in a target counts more than Host, which must be there all the same" {
    takes "GET hTTp://b:80/c?d HTTP/1.1\r\n$host\r\n" 'absolute' 'host=<b:80> path=</c?d>'
    takes "GET https://[::1] HTTP/1.1\r\n$host\r\n" 'host=<[::1]> path=<>'
    refuses 400 'GET http://b/ HTTP/1.1\r\n\r\n' "GET http:///c HTTP/1.1\r\n$host\r\n" \
        "GET http://u@b/ HTTP/1.1\r\n$host\r\n" "GET ftp://b/ HTTP/1.1\r\n$host\r\n"
}

@test "a target has neither control characters, nor bytes above 0x7f, nor a fragment" {
    refuses 400 "GET /\0 HTTP/1.1\r\n$host\r\n" "GET /\x7f HTTP/1.1\r\n$host\r\n" \
        "GET /\xc3\xbc HTTP/1.1\r\n$host\r\n" "GET /#a HTTP/1.1\r\n$host\r\n"
}

# ---- fields ----

@test "spaces and tabs around a value are not of it, those within are; empty is a value" {
    takes "${get}A:b\r\nC: \t d \t e\t \r\nE:\r\nF: \t\r\n\r\n" 'name=<A> value=<b>' \
        'name=<C> value=<d \x09 e>' 'name=<E> value=<>' 'name=<F> value=<>'
}

@test "bytes above 0x7f are taken in a value; NUL, control characters and DEL are not" {
    takes "${get}A: \xc3\xbc\xff\x80 and so on\r\n\r\n" 'value=<\xc3\xbc\xff\x80 and so on>'
    refuses 400 "${get}A: \0\r\n" "${get}A: a long value \x01\r\n" "${get}A: and DEL \x7f\r\n" \
        "${get}A: 1234567\x7f\r\n"
}

@test "a name is a token, directly before its colon" {
    takes "${get}!#\$%&'*+-.^_\`|~0Aa: x\r\n\r\n" "name=<!#\$%&'*+-.^_\`|~0Aa>"
    refuses 400 "${get}A : b\r\n" "${get}A\t: b\r\n" "$get: b\r\n" "${get}A\r\n" "${get}A\x01: b\r\n" \
        "${get}A\xfc: b\r\n" "${get}(A): b\r\n" "${get}A\0: b\r\n"
}

@test "a line that begins with a space continues none, not even the request line" {
    refuses 400 "${get}A: b\r\n c\r\n" "${get}A: b\r\n\tc\r\n" "GET / HTTP/1.1\r\n $host"
}

@test "a bare CR and a bare LF are nowhere the end of a line" {
    refuses 400 "GET / HTTP/1.1\n$host\r\n" 'GET / HTTP/1.1\rA: b\r\n' "${get}A: b\n\r\n" \
        "${get}A: b\rC: d\r\n" "$get\n" "$get\rx" "${chunked}5\nhello" "${chunked}5\rhello" \
        "${chunked}5;a\nhello" "${chunked}5;a\rhello" "${chunked}0\r\nA: b\n" "${chunked}0\r\nA: b\rc" \
        "${chunked}0\r\n\n" "${chunked}0\r\n\rx"
}

@test "Host is there once in HTTP/1.1, in HTTP/1.0 at most once" {
    refuses 400 'GET / HTTP/1.1\r\n\r\n' "$get$host\r\n" "GET / HTTP/1.0\r\n$host$host\r\n"
    takes "GET / HTTP/1.0\r\nhOsT: b\r\n\r\n" 'host=<b>'
}

@test "Host is a name or an address with or without a port, or empty" {
    local value
    for value in '' a a: a:8000 a:65535 1.2.3.4:80 '[::1]' '[2001:db8::1]:80' 'a%2Fb' "a_~!\$&'()*+,;=b"; do
        takes "GET / HTTP/1.1\r\nHost: $value\r\n\r\n" "host=<$value>"
    done
    for value in 'a b' a/b u@a a:1:2 a:8x a:65536 a:4294967376 :80 '[::1' 'a]' '[]' '[:]' '[xyz]' \
        '[::1]a' a%2 a%zz '\xfc' 'a?b' 'a,b c' '"a"'; do
        refuses 400 "GET / HTTP/1.1\r\nHost: $value\r\n\r\n"
    done
}

@test "close counts as a member of Connection, in any case, in any line; HTTP/1.0 asks for keep-alive" {
    takes "$get\r\n" 'HTTP/1.1 keep-alive'
    takes "${get}Connection: x, ,CLOSE\r\n\r\n" 'HTTP/1.1 close'
    takes "${get}Connection: keep-alive\r\nconnection: close\r\n\r\n" 'HTTP/1.1 close'
    takes "${get}Connection: closed, xclose, \"close\"\r\n\r\n" 'HTTP/1.1 keep-alive'
    takes 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n' 'HTTP/1.0 keep-alive'
    takes 'GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n' 'HTTP/1.0 close'
}

@test "100-continue is expected where a body follows; another expectation is refused with 417" {
    takes "${post}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nok" 'expects-continue length=2'
    takes "${post}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" 'expects-continue chunked'
    takes "${get}Expect: 100-continue\r\n\r\n" 'keep-alive length=0'
    takes "POST / HTTP/1.0\r\nExpect: more\r\nContent-Length: 2\r\n\r\nok" 'HTTP/1.0 close length=2'
    refuses 417 "${post}Expect: more\r\n" "${post}Expect: 100-continue, more\r\n"
}

# ---- framing ----

@test "without a length there is no body, and the next byte is the next request's" {
    takes "$get\r\n${post}\r\n$get\r\n" 'end at 27, body of 0' 'end at 55, body of 0' 'end at 82'
}

@test "a body has as many bytes as Content-Length says, of GET, too, and in decimal" {
    takes "${get}Content-Length: 010\r\n\r\nGET / HTTP$get\r\n" 'body <GET / HTTP>' 'end at 58, body of 10' \
        'end at 85, body of 0'
    takes "${post}content-length:\t5 \r\n\r\nhello" 'length=5' 'body <hello>'
}

@test "Content-Length is digits and nothing else, once" {
    local value
    for value in +5 -5 0x5 '1 1' 5a '' '5, 5' '5,6' 5.0 '5\0'; do
        refuses 400 "${post}Content-Length: $value\r\n\r\nhello"
    done
    refuses 400 "${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" \
        "${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
}

@test "a body that is too long is refused with 413, and no number is too long to be read" {
    takes "${post}Content-Length: 100000\r\n\r\n" 'length=100000'
    refuses 413 "${post}Content-Length: 100001\r\n\r\n" \
        "${post}Content-Length: 18446744073709551616\r\n\r\n" \
        "${post}Content-Length: 18446744073709551621\r\n\r\n" \
        "${post}Content-Length: $(repeat 300 9)\r\n\r\n" \
        "${chunked}186a1\r\n" "${chunked}ffffffffffffffff\r\n" "${chunked}5\r\nhello\r\n1869c\r\n" \
        "${chunked}5\r\nhello\r\nfffffffffffffffb\r\n"
}

@test "Transfer-Encoding excludes Content-Length and HTTP/1.0" {
    refuses 400 "${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" \
        "${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" \
        'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'
}

@test "chunked is the last coding, once, in any case; empty members do not count; others are 501" {
    takes "${post}Transfer-Encoding: , CHUNKED ,\r\n\r\n0\r\n\r\n" 'chunked' 'body of 0'
    refuses 400 "${post}Transfer-Encoding:\r\n\r\n" "${post}Transfer-Encoding: ,\r\n\r\n" \
        "${post}Transfer-Encoding: chunked, chunked\r\n\r\n" \
        "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" \
        "${post}Transfer-Encoding: chunked, gzip\r\n\r\n"
    refuses 501 "${post}Transfer-Encoding: gzip\r\n\r\n" "${post}Transfer-Encoding: gzip, chunked\r\n\r\n" \
        "${post}Transfer-Encoding: identity\r\n\r\n" "${post}Transfer-Encoding: xchunked\r\n\r\n" \
        "${post}Transfer-Encoding: chunked;a=b\r\n\r\n"
}

@test "a chunk is a size in hex digits, CRLF, so many bytes, CRLF; the last one has size 0" {
    takes "${chunked}5\r\nhello\r\n0A\r\n, chunks\r\n\r\n0\r\n\r\n$get\r\n" 'body <hello>' \
        'body <, chunks\x0d\x0a>' 'body of 15' 'end at'
    refuses 400 "$chunked\r\n" "$chunked+5\r\n" "$chunked-5\r\n" "${chunked}0x5\r\n" \
        "${chunked}1_0\r\n" "$chunked 5\r\n" "${chunked}5 \r\n" "${chunked}6\r\nhello\r\n" \
        "${chunked}4\r\nhello\r\n" "${chunked}5\r\nhello\n" "${chunked}5\r\nhello\rx"
}

@test "a chunk's extensions are passed over, in quotes, too" {
    takes "${chunked}5;a=b\r\nhello\r\n1 \t; q=\"\\\"; x\"\r\n!\r\n0;z\r\n\r\n" 'body of 6'
    refuses 400 "${chunked}5;a\0\r\n" "${chunked}5 a\r\n"
}

@test "trailers are checked like fields, and have no say" {
    takes "${chunked}1\r\nx\r\n0\r\nContent-Length: 7\r\nConnection: close\r\nHost:  b c\r\nX:\r\n\r\n$get\r\n" \
        'host=<a>' 'body of 1 ' 'HTTP/1.1 keep-alive length=0'
    refuses 400 "${chunked}0\r\nA: b\r\n c\r\n" "${chunked}0\r\nA : b\r\n" "${chunked}0\r\nA\r\n" \
        "${chunked}0\r\nA: \0\r\n" "${chunked}0\r\n: b\r\n"
}

@test "after an error nothing more is said" {
    refuses 400 "$get\r\n${get}A : b\r\n\r\n$get\r\n"
    [[ $(grep -c '^end' <<<"$output") = 1 && $(grep -c '^error' <<<"$output") = 1 ]]
}

# ---- limits: as long as allowed, and one more ----

# request_line N: one of N bytes, without its end.
request_line() {
    echo "GET /$(repeat $(($1 - 14)) a) HTTP/1.1"
}

# cut_anywhere BYTES: is the same byte by byte, and cut where its last bytes are.
cut_anywhere() {
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/long"
    "$BUILD/tests/http_parser" mutate 20 "$BATS_TEST_TMPDIR/long"
}

@test "a request line of 8,192 bytes is taken, a longer one refused with 414" {
    takes "$(request_line 8192)\r\n$host\r\n" 'end at 8205'
    refuses 414 "$(request_line 8193)\r\n$host\r\n" "$(request_line 100000)" "$(repeat 100000 A)"
    cut_anywhere "$(request_line 8193)\r\n$host\r\n"
}

@test "a head of 16,384 bytes is taken, a longer one refused with 431, in whichever part" {
    takes "${get}A: $(repeat 16352 x)\r\n\r\n" 'end at 16384'
    refuses 431 "${get}A: $(repeat 16353 x)\r\n\r\n" "${get}A: $(repeat 100000 x)" \
        "$get$(repeat 100000 x)" "${get}A:$(repeat 100000 ' ')"
    cut_anywhere "${get}A: $(repeat 16353 x)\r\n\r\n"
}

@test "100 fields are taken, 101 refused with 431" {
    takes "$get$(repeat 99 'A: b\\r\\n')\r\n" 'end at'
    [[ $(grep -c 'name=<' <<<"$output") = 100 ]]
    refuses 431 "$get$(repeat 100 'A: b\\r\\n')\r\n"
}

@test "a chunk's size has at most 16 digits" {
    takes "${chunked}0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n" 'body of 5'
    refuses 400 "${chunked}00000000000000005\r\nhello" "$chunked$(repeat 100000 0)"
}

@test "all extensions of a message together have at most 4,096 bytes, else 413" {
    local extension
    extension=";$(repeat 1998 x)"
    takes "${chunked}1$extension\r\na\r\n1$extension\r\na\r\n0\r\n\r\n" 'body of 2'
    refuses 413 "${chunked}1$extension\r\na\r\n1$extension\r\na\r\n1$extension\r\na" \
        "${chunked}1;$(repeat 100000 x)" "${chunked}1$(repeat 100000 ' ')"
    cut_anywhere "${chunked}1$extension\r\na\r\n1$extension\r\na\r\n1$extension\r\na"
}

@test "trailers have at most 4,096 bytes, else 431" {
    takes "${chunked}0\r\nA: $(repeat 4089 x)\r\n\r\n" 'end at'
    refuses 431 "${chunked}0\r\nA: $(repeat 4090 x)\r\n\r\n" "${chunked}0\r\n$(repeat 100000 x)" \
        "${chunked}0\r\n$(repeat 2000 'A: b\\r\\n')"
    cut_anywhere "${chunked}0\r\nA: $(repeat 4090 x)\r\n\r\n"
}

# ---- the picture ----

@test "the picture in the book has the states and transitions of the code, and no others" {
    "$BUILD/tests/http_parser" transitions "$corpus"/valid/* >"$BATS_TEST_TMPDIR/transitions"
    "$TOP/tests/08-fsm/draw" <"$BATS_TEST_TMPDIR/transitions" >"$BATS_TEST_TMPDIR/drawn.svg"
    diff "$TOP/book/figures/08-http-machine.svg" "$BATS_TEST_TMPDIR/drawn.svg"
}
