load ../../lib/exercises
load 5-mine

FIRST=$'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n'  # brings "first"
SECOND=$'GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n' # brings "second"
LAST=$'GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

@test "it echoes, and with -P http it serves files" {
    serve
    talk <<<'A connect
             A echo "a\0\r\n" * 1000'
    dismiss
    serve_files
    ask "$LAST"
    answers_are "200 first"
}

@test "its machine is its own" {
    local header
    for header in http_parser http_files protocol; do
        if [[ ! -e $SUBMISSION/$header.h ]] &&
            grep -q "^ *# *include *[\"<]$header\.h" "$SUBMISSION"/*.[ch]; then
            same "$header.h of the book" "not used: it is what you are to write" "used"
        fi
    done
}

# points: 3
@test "a request that is cut anywhere is one request" {
    local i want=''
    serve_files
    hint "where a read() ends says nothing: what has come so far has to be remembered"
    meet
    did "sent it, on one connection, cut in two at each place"
    for ((i = 1; i < ${#FIRST}; i++)); do
        in_two_pieces "$FIRST" $i
        want+="200 first "
    done
    tell "$LAST"
    hear
    answers_are "${want}200 first"
}

# points: 2
@test "half a request is not answered, and holds up nothing before it" {
    serve_files
    hint "a head is complete with its last LF; and an answer waits for nobody"
    talk <<<'A connect
             A send "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r"
             A silent 150ms
             A send "\nGET /b.txt HTT"
             A recv "HTTP/1.1 200 "'
}

# points: 2
@test "requests that come together are answered in order" {
    local i all='' want=''
    serve_files
    for ((i = 0; i < 100; i++)); do
        all+=$FIRST$SECOND
        want+="200 first 200 second "
    done
    did "sent 201 requests at once"
    hint "what follows a request is the next one: it is in your buffer already"
    meet
    tell "$all${LAST/Connection: close/connection: Close}" &
    hear
    answers_are "${want}200 first"
}

# points: 2
@test "a body with a length is no request, wherever it is cut" {
    local post i want=''
    serve_files
    hint "a POST is 405; then skip as many bytes as it has said, whatever they look like"
    post=$'POST /a.txt HTTP/1.1\r\nHost: a\r\ncontent-length:'
    post+=${#SECOND}$'\r\n\r\n'$SECOND
    meet
    for ((i = 40; i <= ${#post}; i += 3)); do
        in_two_pieces "$post" $i
        want+="405 "
    done
    did "sent POST with a body that looks like a request, cut at other places, on one connection"
    tell "$LAST"
    hear
    answers_are "${want}200 first"
}

# points: 3
@test "a body in chunks is no request, wherever it is cut" {
    local post i want=''
    serve_files
    hint "size in hexadecimal, perhaps an extension, CR LF, data, CR LF; 0, trailers, an empty line"
    post=$'POST /a.txt HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n'
    post+=$'5;x="y"\r\n0\r\n\r\n\r\n'
    post+=$'01E\r\nGET /b.txt HTTP/1.1\r\nHost:\r\n\r\n\r\na\r\n0123456789\r\n'
    post+=$'00\r\nX: y\r\nZ:\r\n\r\n'
    meet
    for ((i = 55; i <= ${#post}; i++)); do
        in_two_pieces "$post" $i
        want+="405 "
    done
    did "sent POST with three chunks, and trailers, cut at each place"
    tell "$LAST"
    hear
    answers_are "${want}200 first"
}

# points: 2
@test "a length that lies is refused, and nothing after it is answered" {
    local lie head=$'POST /a.txt HTTP/1.1\r\nHost: a\r\n' chunked=$'Transfer-Encoding: chunked\r\n'
    serve_files
    hint "a server that reads it differently from the one before it takes a body for a request"
    for lie in +5 5x 0x5 "5 5" -5 "" 5,6 5$'\r\n'Content-Length:\ 6 99999999999999999999; do
        refused "" "$head"$'Content-Length: '"$lie"$'\r\n\r\nhello'
    done
    refused "" "$head${chunked}"$'Content-Length: 5\r\n\r\n0\r\n\r\n'
    refused "" "$head"$'Content-Length: 5\r\n'"$chunked"$'\r\n0\r\n\r\n'
    for lie in g -1 0x5 "" $'5x\r\nhello\r\n0\r\n' fffffffffffffffff $'5\nhello\r\n0\r\n' \
        $'5\r\nhello\n0\r\n' $'5\r\nhelloXX0\r\n' $'5;x\nhello\r\n0\r\n' \
        $'0\r\nX: y\n' $'0\r\n\n'; do
        refused "405 " "$head$chunked"$'\r\n'"$lie"$'\r\n'
    done
    hint "in 32 bits they would be 5"
    swallowed "$head"$'Content-Length: 4294967301\r\n\r\nhello'
    swallowed "$head$chunked"$'\r\n100000005\r\nhello\r\n0\r\n\r\n'
}

# points: 2
@test "a line too long is 414, a head too long 431, a long one neither" {
    local long fields
    serve_files
    hint "the limit is looked at before a byte is stored; and the status must arrive"
    printf -v long '%08000d' 0
    ask "GET /${long:30} HTTP/1.1"$'\r\nHost: a\r\n\r\n'"$LAST"
    answers_are "404 200 first"
    ask "GET /$long$long$long HTTP/1.1"$'\r\n'
    answers_are 414
    printf -v fields 'X-%04d: 0123456789\r\n' {1..300}
    ask "${LAST%$'\r\n'}${fields:0:6000}"$'\r\n\r\n'
    answers_are "200 first"
    ask "${LAST%$'\r\n'}${fields}X-${long}: $long$long$long"$'\r\n'
    answers_are 431
    hint "all lines together"
    ask "${LAST%$'\r\n'}$fields$fields$fields$fields$fields"
    answers_are 431
}

# points: 2
@test "a head that trickles is given up after -t, with 408" {
    local i before waited line came=no
    serve_files -t 400
    hint "the deadline is that of the whole head: no byte puts it off"
    did "started it with -t 400; sent a request, and when it was answered, a byte every 50 ms"
    meet
    tell "$FIRST"
    while IFS= read -rt "$((5 * MICROSECONDS / 1000000))" -u "$PEER" line && [[ $line != first ]]; do
        :
    done
    before=${EPOCHREALTIME/[.,]/}
    for ((i = 0; i < 60 * MICROSECONDS / 1000000; i++)); do
        tell "${FIRST:i<5?i:5:1}" || true
        pause 0.05
        if read -rt 0 -u "$PEER"; then
            came=yes
            break
        fi
    done
    waited=$(((${EPOCHREALTIME/[.,]/} - before) / 1000))
    if [[ $came = no ]]; then
        expected "an answer, a while after 400 ms"
        got "none after $waited ms and $i bytes"
        return 1
    fi
    ((waited >= 390)) || same "it waits for" "400 ms" "$waited ms"
    hear
    answers_are 408
}

# points: 1
@test "a body may take longer than -t, as long as it goes on" {
    local i one chunks late post=$'POST /a.txt HTTP/1.1\r\nHost: a\r\n'
    serve_files -t 2000
    hint "each byte of a body puts the deadline off; it may be as long as it likes"
    did "started it with -t 2000; sent a byte of a body every 150 ms, fifteen in all"
    did "the same in chunks; and a third was silent for 1.2 s, and took 0.9 s for a head"
    meet && one=$PEER
    meet && chunks=$PEER
    meet && late=$PEER
    PEER=$one tell "$post"$'Content-Length: 15\r\n\r\n'
    PEER=$chunks tell "$post"$'Transfer-Encoding: chunked\r\n\r\n'
    for ((i = 0; i < 15; i++)); do
        pause 0.15
        PEER=$one tell x && PEER=$chunks tell $'1\r\nx\r\n' || break
        ((i != 7)) || PEER=$late tell "${LAST:0:20}" || break
    done
    PEER=$one tell "$LAST" || true
    PEER=$chunks tell $'0\r\n\r\n'"$LAST" || true
    PEER=$late tell "${LAST:20}" || true
    for PEER in $one $chunks; do
        hear
        answers_are "405 200 first"
    done
    hint "the deadline of a head is counted from its first byte"
    PEER=$late
    hear
    answers_are "200 first"
    did "sent a byte of a body, and no more"
    hint "a body that does not go on is given up, too"
    ask "$post"$'Content-Length: 15\r\n\r\nx'
    answers_are 408
}

# points: 1
@test "SIGTERM ends it with status 0 while a request is half there" {
    serve_files
    hint "the end of the input is the end, also in the middle of a request"
    meet
    tell "${FIRST}${SECOND:0:30}"
    poll_until 5 is_asleep "$SERVER"
    did "limited its CPU time to a second (SIGXCPU, if it spins), and sent SIGTERM"
    prlimit --pid "$SERVER" --cpu=$(((MICROSECONDS + 999999) / 1000000)):
    stop_server
}
