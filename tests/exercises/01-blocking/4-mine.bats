load ../../lib/exercises
load 4-mine

@test "it starts, announces itself in one line, and echoes" {
    local size
    serve
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"
             A close'
    dismiss
    size=$(stat -c %s "$SERVER_OUT")
    hint "what it prints besides belongs on stderr"
    same "its stdout" "listening on 127.0.0.1:$PORT" \
        "$(head -c 100 "$SERVER_OUT" | tr '\n' ' ' | sed 's| *$||')"
    same "its length" "$((24 + ${#PORT})) bytes" "$size bytes"
}

# points: 1
@test "-b makes it listen on another address, and only there" {
    LISTEN="-p 0 -b 127.0.0.2" serve
    hint "the address that it prints is the one that getsockname() says"
    same "the address in its line" 127.0.0.2 "$ADDRESS"
    hint "bind() to that address alone: 0.0.0.0 would be all of them"
    talk <<<"A connect 127.0.0.2:$PORT
             B connect-refused 127.0.0.3:$PORT" # on 127.0.0.1 another may have that port
}

# points: 1
@test "-b takes an IPv6 address, which is announced as [::1]:PORT" {
    grep -qs . /proc/net/if_inet6 || skip "this machine has no IPv6"
    LISTEN="-b ::1 -p 0" serve
    hint "let getaddrinfo() decide the family; socket() takes what it says"
    same "its line" "listening on [::1]:$PORT" "$(<"$SERVER_OUT")"
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"'
}

# points: 1
@test "-h: usage on stdout, status 0; a wrong option: on stderr, status 2" {
    run_mine -h
    same "the status after -h" 0 "$STATUS"
    same "the stdout after -h begins with" usage: "$(head -c 6 "$OUT")"
    run_mine -x
    same "the status after -x" 2 "$STATUS"
    same "the stdout after -x" "" "$(<"$OUT")"
    if ! grep -q usage: "$ERR"; then
        expected "on stderr, after -x: usage: …"
        got "on stderr, after -x: $(head -n 1 "$ERR")"
        return 1
    fi
    run_mine -p
    same "the status after -p without a port" 2 "$STATUS"
}

# points: 1
@test "a port in use is one line on stderr and status 1" {
    serve
    run_mine -p "$PORT"
    hint "mine: bind: Address already in use (EADDRINUSE): 127.0.0.1:8000; see strerrorname_np(3)"
    same "its status" 1 "$STATUS"
    same "its stdout" "" "$(<"$OUT")"
    same "lines on stderr" 1 "$(wc -l <"$ERR")"
    if [[ $(<"$ERR") != *"mine: bind: "*"(EADDRINUSE): "*"127.0.0.1:$PORT"* ]]; then
        expected "on stderr: mine: bind: Address already in use (EADDRINUSE): 127.0.0.1:$PORT"
        got "on stderr: $(<"$ERR")"
        return 1
    fi
}

# points: 2
@test "a million bytes, zeros among them, come back as they were sent" {
    serve
    hint "write() may take less than it is given; and bytes are no string: 0 does not end them"
    talk <<<'A connect
             A echo "a\0\xff\n" * 250000
             A half-close
             A end'
}

# points: 1
@test "single bytes, and lines without an end, come back at once" {
    serve
    hint "TCP knows no messages: answer what has come, do not wait for more"
    talk <<<'A connect
             A send "a"
             A recv "a"
             A send-slowly "b\nc"
             A recv "b\nc"'
}

# points: 2
@test "what was sent before a half-close comes back, and then the end" {
    serve
    hint "read() said 0: the peer will send no more. What it is owed it still wants to have"
    hint "and then the end, which only close() gives it"
    talk <<<'A connect
             A send "x" * 50000
             A half-close
             A recv "x" * 50000
             A end'
}

# points: 1
@test "the next client is served when the first has left" {
    serve
    hint "close() the peer, then go back to accept()"
    talk <<<'A connect
             B connect
             B send "b"
             A send "a"
             A recv "a"
             A close
             B recv "b"
             B close
             C connect
             C send "c"
             C recv "c"'
}

# points: 2
@test "a connection that is reset does not end it" {
    serve
    hint "ECONNRESET from read() is the end of that connection, not of the program"
    talk <<<'A connect
             A send "a"
             A recv "a"
             A reset
             B connect
             B send "b"
             B recv "b"'
}

# points: 2
@test "a peer that has left before it was answered does not end it" {
    serve
    hint "writing to a connection that nobody has any more is a signal, SIGPIPE, unless ignored"
    # While it serves A, the others say what they want and go.
    talk <<<'A connect
             A send "a"
             A recv "a"
             B*4 connect
             B send "x" * 60000
             B close
             A close
             C connect
             C send "c"
             C recv "c"'
}

# points: 1
@test "descriptors are back to what they were when all have left" {
    local before
    COUNT=1 serve
    is_asleep_soon
    before=$(descriptor_count "$SERVER")
    talk <<<'A*30 connect
             A send "a"
             A close
             B connect
             B send "b"
             B recv "b"
             B close'
    hint "whoever leaves, and however: close() the peer"
    if ! poll_until 5 descriptors_are "$SERVER" "$before" >/dev/null; then
        expected "$before descriptors, as before they came"
        got "$(descriptor_count "$SERVER") descriptors now"
        return 1
    fi
    closed_once
}

# points: 1
@test "while a peer is silent it uses no CPU" {
    local before used
    serve
    hint "a blocking read() sleeps; a read() that says EAGAIN, in a loop, does not"
    connect_and_say a
    is_asleep_soon
    before=$(cpu_ms "$SERVER")
    read -rt 0.5 -u 8 || true # half a second of silence
    used=$(($(cpu_ms "$SERVER") - before))
    ((used < 200)) || same "CPU time in half a second of silence" "next to nothing" "$used ms"
}

# points: 1
@test "SIGTERM and SIGINT end it with status 0 while nobody is there" {
    local signal
    for signal in TERM INT; do
        serve
        is_asleep_soon
        did "sent SIG$signal"
        stop_server "$signal"
    done
}

# points: 1
@test "SIGTERM ends it with status 0 while a peer is silent" {
    serve
    hint "a blocked read() has to return: the handler may call shutdown(peer, SHUT_RD)"
    connect_and_say a
    is_asleep_soon
    did "sent SIGTERM while it sleeps in read()"
    stop_server
}

# points: 1
@test "after SIGTERM a peer still gets what it is owed, and nobody else" {
    local sent count answer took ended=0 try
    for ((try = 0; try < 5; try++)); do
        serve
        connect_and_say a
        send_until_it_waits
        did "sent $sent bytes and read none; sent SIGTERM, connected somebody else, then read"
        took=${EPOCHREALTIME/[.,]/}
        kill "$SERVER"
        pause 0.2
        answer=
        { exec 9<>"/dev/tcp/$ADDRESS/$PORT"; } 2>/dev/null || exec 9</dev/null # refused
        { printf 'b\n' >&9; } 2>/dev/null || true
        count=$(limit 5 head -c "$sent" <&8 2>/dev/null | wc -c)
        took=$(((${EPOCHREALTIME/[.,]/} - took) / 1000))
        exec 8>&-
        read -rt $((5 * MICROSECONDS / 1000000)) -u 9 answer 2>/dev/null || true
        exec 9>&-
        if ((count < sent && took < 1000)); then
            hint "what has been read must be sent: _exit() in the handler throws it away"
            same "the bytes that came after SIGTERM" "$sent" "$count, and the connection ended"
        fi
        if [[ $answer ]]; then
            hint "after shutdown(listener, SHUT_RD), accept() fails, now and in future"
            same "who connects after SIGTERM" "is refused, or hears nothing" "was sent \"$answer\""
        fi
        if ! poll_until 5 gone "$SERVER" >/dev/null; then
            expected "it ends when what it owed has been read"
            got "it still runs"
            return 1
        fi
        wait "$SERVER" || ended=$?
        same "its status" 0 "$ended"
        ((count < sent)) || return 0
    done
    skip "this machine is too busy: in a second it has not read what it is owed"
}

# points: 1
@test "SIGTERM ends it within a second or so while a peer reads nothing" {
    local before waited
    serve
    hint "a blocked write() has to return, too: alarm(1), then shutdown(peer, SHUT_RDWR)"
    connect_and_say a
    head -c 30000000 /dev/zero >&8 2>/dev/null 3>&- 4>&- &
    HELPERS+=("$!")
    poll_until 5 is_asleep $! >/dev/null ||
        same "30,000,000 bytes" "wait to be sent, for the server cannot go on" "are all sent"
    is_asleep_soon
    poll_until 5 sleeps_in_write >/dev/null || true
    did "sent SIGTERM while it sleeps in write()"
    before=${EPOCHREALTIME/[.,]/}
    stop_server
    waited=$(((${EPOCHREALTIME/[.,]/} - before) / 1000))
    hint "what has been read must be sent: _exit() in the handler throws it away"
    ((waited >= 300)) ||
        same "after SIGTERM" "it goes on sending for up to a second" "it had ended after $waited ms"
}
