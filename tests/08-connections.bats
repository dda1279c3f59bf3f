# 08-connections.bats - serve: its deadlines, and what its connections and files may do meanwhile

load lib/servers
load 08-fsm/site
teardown() { end_servers; }

# ---- time ----

# Time enough for a busy machine to do what a test wants done before the deadline. A pause of a play
# is as much longer by itself.
patience=$((MICROSECONDS * 3 / 10000)) # ms: 300, and with TIME_SCALE=3, 900

@test "a head has one deadline for all of it: a peer that drips it is told 408, and closed" {
    start_serve -t "$patience"
    talk <<'END'
        A connect
        A send "GET / HTTP/1.1\r\nHost: a\r\n"
        A recv "HTTP/1.1 408 "
END
    meet
    printf 'G' >&"$PEER" # at once: who says nothing for so long is told nothing
    { for _ in {1..200}; do
        printf 'A' || exit 0
        read -rt 0.05 <> <(:) || true
    done; } >&"$PEER" 2>/dev/null 3>&- 4>&- &
    dripping=$!
    hear
    kill "$dripping" 2>/dev/null || true
    [ "$(statuses)" = 408 ]
    stop_server
}

@test "a body may take its time as long as it goes on; then 408" {
    start_serve -t "$((4 * patience))"
    talk <<'END'
        A connect
        A send "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
        A silent 450ms
        A send "a"
        A silent 450ms
        A send "b"
        A silent 450ms
        A send "c"
        A recv "HTTP/1.1 408 "
END
}

@test "a peer told the end that goes on sending is cut off in time, however busy it keeps us" {
    FAULTS=read:one start_serve -t "$patience" # so there is always something to be read
    meet
    printf 'what?\r\n' >&"$PEER"
    cat /dev/zero >&"$PEER" 2>/dev/null 3>&- 4>&- &
    flood=$!
    hear
    [ "$(statuses)" = 400 ]
    poll_until 5 gone "$flood"
    stop_server
}

@test "a peer that says nothing is closed without a word, at the start and after an answer" {
    start_serve -t "$patience"
    talk <<'END'
        A connect
        A end
END
    said 'GET /…\r\n' 200 # no Connection: close
    stop_server
}

@test "a head after an answer has a deadline of its own" {
    local pause
    printf -v pause '%d.%03d' $((3 * patience / 1000)) $((3 * patience % 1000))
    start_serve -t "$((5 * patience))"
    meet
    for part in 'GET /…' '\r\nGET /…' 'Connection: close\r\n\r\n'; do
        printf '%b' "${part//…/ HTTP/1.1\\r\\nHost: a\\r\\n}" >&"$PEER"
        [[ $part = C* ]] || read -rt "$pause" <> <(:) || true
    done
    hear
    [ "$(statuses)" = "200 200" ]
}

@test "a peer that never reads is cut off, one that reads slowly is not" {
    start_serve -t "$((10 * patience / 3))"
    big_file big 18000000
    poll_until 5 is_asleep "$SERVER"
    descriptors=$(descriptor_count "$SERVER")
    meet
    printf 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n' >&"$PEER"
    poll_until 10 descriptors_are "$SERVER" "$((descriptors + 2))" # the peer's, and the file's
    poll_until 10 descriptors_are "$SERVER" "$descriptors"
    exec {PEER}>&-
    meet
    printf 'GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&"$PEER"
    for _ in {1..20}; do
        head -c 30000 <&"$PEER"
        read -rt 0.1 <> <(:) || true
    done >"$BATS_TEST_TMPDIR/heard"
    cat <&"$PEER" >>"$BATS_TEST_TMPDIR/heard"
    tail -c 18000000 "$BATS_TEST_TMPDIR/heard" | cmp - "$SITE/big"
    stop_server
}

# ---- files and connections ----

@test "a file that shrinks while it is sent: the connection ends, and nothing is made up" {
    start_serve
    big_file big 45000000
    meet
    printf 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n' >&"$PEER"
    IFS= read -r -u "$PEER" line
    [ "$line" = $'HTTP/1.1 200 OK\r' ]
    poll_until 5 is_asleep "$SERVER"
    cp "$SITE/big" "$BATS_TEST_TMPDIR/whole"
    : >"$SITE/big"
    hear
    sed '1,/^\r$/d' "$HEARD" >"$BATS_TEST_TMPDIR/body"
    size=$(stat -c %s "$BATS_TEST_TMPDIR/body")
    ((size > 0 && size < 45000000))
    cmp -n "$size" "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/whole"
    stop_server
}

@test "a file that grows while it is sent: as much is sent as was promised" {
    start_serve
    big_file big 18000000
    meet
    printf 'GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /sub/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&"$PEER"
    poll_until 5 is_asleep "$SERVER"
    printf 'more and more' >>"$SITE/big"
    hear
    run ! grep -aq 'more and more' "$HEARD"
    [ "$(statuses)" = "200 200" ]
}

@test "1,000 clients that stay are all served, and a peer that never reads holds up nobody" {
    start_serve
    big_file big 18000000
    talk <<'END'
        S connect
        S send "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
        A*1000 connect
        A send "GET /sub/ HTTP/1.1\r\nHost: a\r\n\r\n"
        A recv "HTTP/1.1 200 OK\r\n"
        B connect
        B send "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        B recv "HTTP/1.1 200 OK\r\n"
END
    stop_server
}

@test "without a descriptor left it does not spin, answers those it has, and goes on later" {
    start_serve
    meet
    printf 'GET /sub/ HTTP/1.1\r\nHost: a\r\n\r\n' >&"$PEER"
    IFS= read -r -u "$PEER" line
    highest=$(printf '%s\n' "/proc/$SERVER/fd/"* | sed 's|.*/||' | sort -n | tail -1)
    prlimit --pid "$SERVER" --nofile=$((highest + 1)):
    exec {waiting}<>"/dev/tcp/$ADDRESS/$PORT"
    before=$(cpu_ms "$SERVER")
    read -rt 0.3 -u "$waiting" || true
    (($(cpu_ms "$SERVER") - before <= 100))
    printf 'GET /sub/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&"$PEER"
    hear
    [ "$(statuses)" = 503 ] # there is none for the file, either
    prlimit --pid "$SERVER" --nofile=1024:
    printf 'GET /sub/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&"$waiting"
    PEER=$waiting
    hear
    [ "$(statuses)" = 200 ]
    stop_server
}

@test "SIGTERM: what was asked for is still sent, a peer that only waits is told the end" {
    start_serve
    big_file big 18000000
    meet
    idle=$PEER
    meet
    printf 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n' >&"$PEER"
    IFS= read -r -u "$PEER" line
    [ "$line" = $'HTTP/1.1 200 OK\r' ]
    kill -TERM "$SERVER"
    hear
    tail -c 18000000 "$HEARD" | cmp - "$SITE/big"
    PEER=$idle
    hear
    [ ! -s "$HEARD" ]
    end_by_themselves "$SERVER"
}

@test "-P echo: another protocol in the same loop: bytes come back whole, and the pressure, too" {
    start_serve -P echo
    talk <<'END'
        S connect
        S fill
        A connect
        A send-slowly "a byte at a time\n"
        A recv "a byte at a time\n"
        A echo "0123456789" * 1000000
        A send "0123456789" * 10000
        A half-close
        A recv "0123456789" * 10000
        A end
END
    stop_server
    run -2 "$BUILD/08-fsm/serve" -P gopher
    [[ $output = "serve: PROTOCOL must be echo or http, not 'gopher'" ]]
}
