load ../../lib/exercises
load 4-mine

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

# points: 3
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
    for _ in 1 2 3; do # on a busy machine some may come late
        measure -c 100 -n 2000 "$ADDRESS" "$PORT"
        is failures 0
        (($(value fewest) < 5)) || return 0
    done
    same "answers of 2000 that each of 100 gets" "5 at least, of 20" \
        "one got $(value fewest), another $(value most)"
}

# points: 3
@test "the log has a line for each answer, and no other" {
    local log=$BATS_TEST_TMPDIR/log
    serve_files -l "$log"
    measure -c 50 -p 4 -n 3000 "$URL/a.txt" "$URL/b.txt"
    is responses 3000
    if ! poll_until 5 has_lines "$log" 3000 >/dev/null && (($(wc -l <"$log") < 3000)); then
        hint "the rest is still in a buffer, of stdio or your own, or was never written"
    else
        hint "write(2) of a whole line, with O_APPEND, goes to the end of the file in one piece"
    fi
    same "lines, a second after the last answer" "$(value responses)" "$(wc -l <"$log")"
    same_lines "the different lines" "GET /a.txt 200 6"$'\n'"GET /b.txt 200 5000" \
        "$(sort -u "$log" | head -n 5)"
}

# points: 2
@test "what is refused is in the log, and half a request is not" {
    local log=$BATS_TEST_TMPDIR/log lines
    serve_files -l "$log"
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
    lines=$(sed 's/\( 4[0-9]*\) [0-9]*$/\1 N/' "$log" | LC_ALL=C sort | head -n 10)
    grep -q '^HEAD [^ ]* 200 [1-9]' "$log" &&
        hint "BYTES are those of the body that was sent: after HEAD none are, so 0"
    grep -q '^GET /a.txt' "$log" && hint "half a request is no request, and no line"
    (($(wc -l <"$log") < 4)) && hint "what was answered is a line, whatever the answer was"
    same_lines "the lines, sorted, N for the bytes of a refusal" \
        "$(printf '%s\n' '- - 400 N' 'GET /none 404 N' 'HEAD /a.txt 200 0' 'POST /a.txt 405 N')" \
        "$lines"
}

# points: 1
@test "a target is in the log as it came, escapes, dots, query and all" {
    local log=$BATS_TEST_TMPDIR/log
    serve_files -l "$log"
    hint "what you look for in the folder is made of the target; the log has the target itself"
    talk <<<'A connect
             A send "GET /./a%2etxt?x=1%20y&z HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 "'
    stop_server
    same "method and target of the line" "GET /./a%2etxt?x=1%20y&z" \
        "$(sed 's/ [0-9]* [0-9]*$//' "$log" | head -n 3)"
}

# points: 1
@test "with a log that cannot be opened it does not start" {
    local log
    mkdir -p "$BATS_TEST_TMPDIR/site"
    hint "open the log before you listen; fail() says why, and ends with status 1"
    for log in "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/no/such/folder/log"; do
        did "started mine -P http -l ${log#"$BATS_TEST_TMPDIR/"}"
        limited 2 "$PROGRAM" -p 0 -P http -d "$BATS_TEST_TMPDIR/site" -l "$log"
        if ((STATUS == 124)); then
            same "what it does" "it ends, with status 1" "it serves"
        fi
        same "its status" 1 "$STATUS"
        same "lines on stderr" 1 "$(wc -l <"$ERR")"
        same "stdout" "" "$(<"$OUT")"
    done
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
@test "visits by the thousand take no memory and no descriptor with them" {
    local descriptors before after
    serve_files
    descriptors=$(descriptor_count "$SERVER")
    hint "on every way out, answered or not: the descriptors, the buffers, the struct"
    visits 500
    visits_of_all_kinds
    poll_until 5 descriptors_are "$SERVER" "$descriptors" >/dev/null ||
        same "descriptors" "$descriptors" "$(descriptor_count "$SERVER")"
    before=$(resident_kb)
    visits "$VISITS"
    poll_until 5 descriptors_are "$SERVER" "$descriptors" >/dev/null ||
        same "descriptors" "$descriptors" "$(descriptor_count "$SERVER")"
    after=$(resident_kb)
    # A sanitizer keeps what is freed for a while; but it finds leaks by itself, at the end.
    if [[ $(<"$BUILD/compiler") != *-fsanitize* ]] && ((after - before > MOST_KB)); then
        same "memory that $VISITS visits leave behind" "$MOST_KB KB at most" \
            "$((after - before)) KB"
    fi
    dismiss
}
