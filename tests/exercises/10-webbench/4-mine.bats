load ../../lib/exercises

MOST_KB=4096 # that 1,000 visits may leave behind; two buffers of each would be 8,000 and more

@test "it echoes, and with -P http it serves files" {
    serve
    talk <<<'A connect
             A echo "a\0\n" * 1000
             A half-close
             A end'
    dismiss
    serve_files
    talk <<<'A connect
             A send "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 200 "'
}

# points: 4
@test "a thousand echo, though it may have only 256 descriptors at first" {
    ulimit -Sn 256
    serve
    ulimit -Sn "$(ulimit -Hn)"
    hint "setrlimit(2): the soft limit may be raised, as far as the hard one; tcp_listen() does it"
    measure -c 1000 -n 5000 "$ADDRESS" "$PORT"
    is failures 0
    is answered 1000
    is responses 5000
}

# points: 4
@test "a thousand ask for a file, and each gets all of it" {
    local sum length
    serve_files
    read -r sum length _ < <(cksum <"$SITE/b.txt")
    hint "on which way is an answer cut off, or an event forgotten, when many come at once?"
    measure -c 1000 -n 3000 --body-length "$length" --checksum "$sum" "$URL/b.txt"
    is failures 0
    is answered 1000
    is responses 3000
}

# points: 3
@test "a hundred that ask all the time get shares that are about equal" {
    serve
    hint "a peer that is always ready must not keep a worker: after each answer it is another's turn"
    measure -c 100 -n 2000 "$ADDRESS" "$PORT"
    is failures 0
    (($(value fewest) >= 5)) || same "answers of 2000 that each of 100 gets" "5 at least, of 20" \
        "one got $(value fewest), another $(value most)"
}

# points: 4
@test "the log has a line for each answer, and no other" {
    local log=$BATS_TEST_TMPDIR/log
    serve_files -l "$log"
    hint "write(2) of a whole line, with O_APPEND, goes to the end of the file in one piece"
    measure -c 50 -p 4 -n 3000 "$URL/a.txt" "$URL/b.txt"
    is responses 3000
    poll_until 5 has_lines "$log" 3000 >/dev/null || true
    same "lines, a second after the last answer" "$(value responses)" "$(wc -l <"$log")"
    same "different lines" "GET /a.txt 200 6"$'\n'"GET /b.txt 200 5000" \
        "$(sort -u "$log" | head -n 5)"
}

# points: 2
@test "what is refused is in the log, and half a request is not" {
    local log=$BATS_TEST_TMPDIR/log
    serve_files -l "$log"
    hint "a request that was answered is a line, whatever the answer was"
    talk <<<'A connect
             A send "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 404 "
             B connect
             B send "HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"
             B recv "HTTP/1.1 200 "
             C connect
             C send "POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
             C recv "HTTP/1.1 405 "
             D connect
             D send "nonsense\r\n\r\n"
             D recv "HTTP/1.1 400 "
             E connect
             E send "GET /a.txt HTTP/1.1\r\nHo"
             E close'
    stop_server
    same "the log, but for the bytes of the refusals" \
        "$(printf '%s\n' 'GET /none 404 N' 'HEAD /a.txt 200 0' 'POST /a.txt 405 N' '- - 400 N')" \
        "$(sed 's/\( 4[0-9]*\) [0-9]*$/\1 N/' "$log" | head -n 10)"
}

# points: 1
@test "the log is complete at its end, and the next one goes on with it" {
    local i log=$BATS_TEST_TMPDIR/log
    hint "what lies in a buffer has to be written before the end; O_APPEND keeps what is there"
    for i in 1 2; do
        serve_files -l "$log"
        measure -c 5 -n 200 "$URL/a.txt"
        is responses 200
        stop_server
        same "lines after $i times 200 answers" "$((i * 200))" "$(wc -l <"$log")"
    done
}

# points: 2
@test "a thousand visits take no memory and no descriptor with them" {
    local descriptors before after
    serve_files
    descriptors=$(descriptor_count "$SERVER")
    hint "on every way out: the descriptor, the buffers, the struct"
    measure -c 20 -n 200 --visits "$URL/a.txt"
    poll_until 5 descriptors_are "$SERVER" "$descriptors" || true
    before=$(resident_kb)
    measure -c 20 -n 1000 --visits "$URL/a.txt"
    is failures 0
    poll_until 5 descriptors_are "$SERVER" "$descriptors" >/dev/null ||
        same "descriptors" "$descriptors" "$(descriptor_count "$SERVER")"
    after=$(resident_kb)
    # A sanitizer keeps what is freed for a while; but it finds leaks by itself, at the end.
    if [[ $(<"$BUILD/compiler") != *-fsanitize* ]] && ((after - before > MOST_KB)); then
        same "memory that 1000 visits leave behind" "$MOST_KB KB at most" "$((after - before)) KB"
    fi
    dismiss
}

serve_files() {
    SITE=$BATS_TEST_TMPDIR/site
    mkdir -p "$SITE"
    echo first >"$SITE/a.txt"
    [[ -e $SITE/b.txt ]] || head -c 5000 /dev/urandom >"$SITE/b.txt"
    serve -P http -d "$SITE" "$@"
    URL=http://$ADDRESS:$PORT
}

# measure OPTION...: the book's load; what it has found is in VALUES.
measure() {
    local load=$BUILD/10-webbench/load report=$BATS_TEST_TMPDIR/report status=0
    VALUES=$BATS_TEST_TMPDIR/values
    if [[ ! -x $load ]]; then
        ended_as grader-error "build/10-webbench/load is missing: make all"
        return 1
    fi
    did "load $*"
    rm -f "$VALUES"
    (run_apart "$load" -w 30 -o "$VALUES" "$@") </dev/null >"$report" 2>&1 || status=$?
    if ((status > 1)); then
        cat "$report"
        ended_as grader-error "load ended with status $status"
        return 1
    fi
    ((status == 0)) || sed -n 's/^ *failures /got: failures: /p' "$report"
}

# value KEY: of what load has found.
value() {
    sed -n "s/^$1=//p" "$VALUES"
}

# is KEY VALUE
is() {
    same "$1, as load counts them" "$2" "$(value "$1")"
}

has_lines() {
    (($(wc -l <"$1") >= $2))
}

resident_kb() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$SERVER/status"
}
