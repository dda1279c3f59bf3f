load ../../lib/exercises
load ../../lib/peers
load 5-mine

@test "it echoes, and with -P http it serves files" {
    serve
    talk <<<'A connect
             A echo "a\0\n" * 1000
             A half-close
             A end'
    dismiss
    serve_files
    talk <<<'A connect
             A send "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.0\r\n\r\n"
             A recv "HTTP/1.1 200 "'
}

# points: 3
@test "a thousand connected peers are all answered, twice" {
    local before
    serve
    before=$(descriptor_count "$SERVER")
    hint "each peer has a state of its own, and the loop finds it by what epoll_wait() gives back"
    hint "more than 1,024 descriptors need a higher limit: tcp_listen() of lib/net.h raises it"
    talk <<<'A*1000 connect
             A send "hello\n"
             A recv "hello\n"
             A send "again\n"
             A recv "again\n"'
    closes_all "$before"
    stop_server
}

# points: 1
@test "no peer has a thread or a process of its own" {
    local many
    serve
    did "connected 50 times"
    meet 50
    many=$(lives)
    hint "the loop waits for all of them, and nobody waits for one"
    ((many <= 10)) || same "threads and processes with 50 peers" "10 at most" "$many"
}

# points: 2
@test "while nobody speaks it makes no calls" {
    COUNT=1 serve
    did "50 peers connected, said something, and were silent"
    meet 50
    say_and_hear
    hint "waiting is done in the loop, which is told when there is something to do"
    comes_to_rest
    few_calls_or_why
}

# points: 3
@test "a peer that sends and never reads holds up nobody" {
    serve
    meet 1
    say_and_hear
    sends_and_never_reads
    poll_until 5 it_rests >/dev/null || true
    hint "write() of a nonblocking socket says EAGAIN: keep the rest, and go back to the loop"
    TIME_SCALE=$(less_time) talk <<<'B connect
             B send "b"
             B recv "b"
             C connect
             C send "c"
             C recv "c"
             B send "b"
             B recv "b"'
}

# points: 2
@test "a peer that never reads is not read from, and takes no memory" {
    local before after
    serve
    meet 1
    say_and_hear
    before=$(memory_kb)
    sends_and_never_reads
    hint "no room for what may come: then EPOLLIN is of no interest"
    poll_until 5 it_rests >/dev/null || same "it" "rests, for there is no room" "goes on and on"
    if gone "$WRITER"; then
        same "it has read" "as much as there is room for" "all of the 100 MB"
    fi
    after=$(memory_kb)
    [[ $BUILD = *san* ]] || ((after - before <= 4000)) ||
        same "memory for what it has not sent" "some KB" "$((after - before)) KB"
}

# points: 2
@test "what is not taken at once is sent later, each byte once" {
    hint "a short write is no error, and EAGAIN neither: what was not taken is still owed"
    FAULTS=write:short@2-400,send:short@2-400 serve
    did "(half of its writes were cut short)"
    talk <<<'A connect
             A echo "0123456789" * 20000
             A half-close
             A end'
    dismiss
    FAULTS=write:EAGAIN@1-400,send:EAGAIN@1-400 serve
    did "(every other of its writes said EAGAIN)"
    talk <<<'A connect
             A echo "0123456789" * 20000
             A half-close
             A end'
}

# points: 1
@test "a peer that has ended its side still gets all it is owed" {
    hint "read() said 0: nothing will come any more. What is owed has still to go"
    FAULTS=write:one,send:one serve
    did "(its writes took a byte each)"
    talk <<<'A connect
             A send "0123456789" * 200
             A half-close
             A recv "0123456789" * 200
             A end'
}

# points: 2
@test "a document for a peer that does not read holds up nobody" {
    local got=0
    serve_files
    hint "as much as there is room for; then the loop, and then the next piece"
    did "A asked for a document of 30 MB, and did not read"
    meet 1
    printf 'GET /large HTTP/1.0\r\n\r\n' >&"${PEERS[0]}"
    WRITER=$SERVER
    poll_until 5 it_rests >/dev/null || true
    TIME_SCALE=$(less_time) talk <<<'B connect
             B send "GET /a.txt HTTP/1.1\r\nHost: b\r\n\r\n"
             B recv "HTTP/1.1 200 "'
    did "A read all of it"
    got=$(timeout $((10 * MICROSECONDS / 1000000 + 1)) cat <&"${PEERS[0]}" | tail -c 30000000 |
        tr -d '\0' | wc -c)
    same "what A has read, without the zeros of the document" 0 "$got"
}

# points: 1
@test "a peer that sends half a request holds up nobody" {
    serve_files
    talk <<<'A connect
             A send "GET /a.txt HT"
             B connect
             B send "GET /a.txt HTTP/1.1\r\nHost: b\r\n\r\n"
             B recv "HTTP/1.1 200 "
             A send "TP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 200 "'
}

# points: 2
@test "without a descriptor left it rests, and goes on when there is one" {
    local highest before
    COUNT=1 serve
    meet 1
    ten_turns
    before=$TURN
    highest=$(printf '%s\n' "/proc/$SERVER/fd/"* | sed 's|.*/||' | sort -n | tail -1)
    prlimit --pid "$SERVER" --nofile=$((highest + 1)):
    did "it had no descriptor left (EMFILE); another peer connected, and waited for 0.2 s"
    meet 1
    pause 0.2
    did "meanwhile the first said 10 lines, each when it had got back the one before"
    hint "look away for a while, but do not sleep: a time-out of the loop keeps nobody waiting"
    ten_turns
    ((TURN <= 10 * before + MICROSECONDS / 20)) ||
        same "an answer, while somebody waits at the door" "at once" "after $((TURN / 1000)) ms, mostly"
    prlimit --pid "$SERVER" --nofile=1024:
    did "now it had some"
    say_and_hear "${PEERS[1]}" || {
        hint "somebody waits whom you could not accept: look there again, every 10 or 100 ms"
        return 1
    }
    few_calls_or_why
}

# points: 1
@test "SIGTERM ends it while fifty peers are silent" {
    serve
    meet 50
    say_and_hear
    hint "the listener goes first, then each peer, as soon as it has got what it is owed"
    did "sent SIGTERM"
    stop_server
}
