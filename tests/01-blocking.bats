load lib/servers
teardown() { end_servers; }

# ---- what one call says ----

# answer CALL SITUATION ANSWER: $output has a line that says so (extended regular expressions).
answer() {
    grep -Eq "^ *$2 +$1 = $3\$" <<<"$output" && return
    echo "no line says '$2' and '$1 = $3' in:"
    echo "$output"
    return 1
}

@test "a read returns at most what was asked for, and fewer bytes when fewer have come" {
    run -0 "$BUILD/01-blocking/what-read-says"
    answer read "12 bytes came, we ask for 5" "5 +IO_DATA"
    answer read "we ask for 100" "7 +IO_DATA"
}

@test "a read returns 0 when the peer has closed, as often as one asks" {
    run -0 "$BUILD/01-blocking/what-read-says"
    [[ $output = *"the peer has closed "+([^=])"= 0 "+(\ )"IO_END"$'\n'\
"  we ask again "+([^=])"= 0 "+(\ )"IO_END"* ]]
}

@test "a read that may not wait says EAGAIN, and one whose time-out has passed, too" {
    run -0 "$BUILD/01-blocking/what-read-says"
    answer read "nothing yet, O_NONBLOCK" "-1 EAGAIN +IO_NOT_YET"
    answer read "SO_RCVTIMEO of 50 ms has passed" "-1 EAGAIN +IO_NOT_YET"
}

@test "a signal ends a read with EINTR; with SA_RESTART the read goes on, unless there is a time-out" {
    run -0 "$BUILD/01-blocking/what-read-says"
    answer read "a signal comes, no SA_RESTART" "-1 EINTR +IO_INTERRUPTED"
    answer read "3 signals, SA_RESTART, then 5 bytes" "5 +IO_DATA"
    answer read "a signal, SA_RESTART, but SO_RCVTIMEO" "-1 EINTR +IO_INTERRUPTED"
}

@test "a read says ECONNRESET once, and from then on the end" {
    run -0 "$BUILD/01-blocking/what-read-says"
    answer read "the peer has reset the connection" "-1 ECONNRESET +IO_FAILED"
    [[ ${lines[-1]} = "  we ask again "*" = 0 "*"IO_END" ]]
}

@test "a blocked write that a signal interrupts returns the part it wrote; nothing written is EINTR" {
    run -0 "$BUILD/01-blocking/what-write-says"
    answer write "1,000,000 bytes, then a signal" "[0-9]{1,6} +IO_DATA"
    answer write "more, until it is full, then a signal" "-1 EINTR +IO_INTERRUPTED"
    answer write "more, O_NONBLOCK" "-1 EAGAIN +IO_NOT_YET"
}

@test "the first write to a closed peer succeeds, the second says EPIPE and raises SIGPIPE" {
    run -0 "$BUILD/01-blocking/what-write-says"
    answer write "the peer has closed" "12 +IO_DATA"
    answer write "again, SIGPIPE ignored" "-1 EPIPE +IO_FAILED"
    answer write "again, SIGPIPE caught" "-1 EPIPE +IO_FAILED"
    [[ $output = *"its handler has run "*" 1 time"$'\n'* ]]
    [[ ${lines[-1]} = "  again in a child, SIGPIPE as it is "*" killed by SIGPIPE" ]]
}

# ---- one at a time ----

# Both servers must play this, and the servers of the exhibits.
conversation='A connect
              A send "hello\n"
              A recv "hello\n"
              A send-slowly "and again\n"
              A recv "and again\n"
              A echo "0123456789" * 100000
              A half-close
              A end'

second_waits='A connect
              A send "a"
              A recv "a"
              B connect
              B send "b"
              B silent 200ms
              A close
              B recv "b"'

second_is_answered='A connect
                    A send "a"
                    A recv "a"
                    B connect
                    B send "b"
                    B recv "b"
                    A send "still here"
                    A recv "still here"'

@test "one-at-a-time echoes what it is sent, and the end" {
    start_server 01-blocking/one-at-a-time
    talk <<<"$conversation"
    descriptors=$(descriptor_count "$SERVER")
    talk <<<"$conversation"
    poll_until 5 descriptors_are "$SERVER" "$descriptors"
    stop_server
}

@test "a second client waits until the first one leaves" {
    start_server 01-blocking/one-at-a-time
    talk <<<"$second_waits"
}

@test "a peer that resets its connection makes room for the next" {
    start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A send "x"
             A recv "x"
             B connect
             B send "y"
             A reset
             B recv "y"'
    stop_server
}

@test "one-at-a-time starts, and stops on SIGTERM with status 0" {
    start_server 01-blocking/one-at-a-time
    stop_server
}

# amid_a_conversation: a client has been answered, says nothing more, and the server waits for it.
amid_a_conversation() {
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    echo hello >&8
    read -r line <&8
    [[ $line = hello ]]
}

@test "a silent peer does not keep it from stopping" {
    start_server 01-blocking/one-at-a-time
    amid_a_conversation
    poll_until 5 is_asleep "$SERVER"
    stop_server INT
}

# a_peer_never_reads: sends until nothing more goes in, and leaves its answers where they are.
a_peer_never_reads() {
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    head -c 50000000 /dev/zero >&8 2>/dev/null 3>&- 4>&- &
    poll_until 20 nothing_moves
}

# nothing_moves: for poll_until. On the connections to $PORT as many bytes wait to be sent and to
# be read as did the last few times; see proc(5), /proc/net/tcp.
nothing_moves() {
    local before=${waiting:-}
    waiting=$(awk -v port="$(printf ':%04X' "$PORT")" '$2 $3 ~ port { print $2, $3, $5 }' /proc/net/tcp)
    [[ $waiting = "$before" ]] || looks=0
    ((++looks > 5))
}

@test "a peer that never reads does not keep it from stopping" {
    start_server 01-blocking/one-at-a-time
    a_peer_never_reads
    stop_server
}

@test "what the peer has sent before SIGTERM is still echoed" {
    start_server 01-blocking/one-at-a-time
    amid_a_conversation
    kill -STOP "$SERVER"
    seq 10000 >&8
    kill -TERM "$SERVER"
    kill -CONT "$SERVER"
    seq 10000 | cmp - <(cat <&8)
}

# ---- ask in a loop ----

@test "ask-in-a-loop echoes what it is sent, and the end" {
    start_server 01-blocking/ask-in-a-loop
    talk <<<"$conversation"
    descriptors=$(descriptor_count "$SERVER")
    talk <<<"$conversation"
    poll_until 5 descriptors_are "$SERVER" "$descriptors"
    stop_server
}

@test "ask-in-a-loop answers a second client while the first one is there" {
    start_server 01-blocking/ask-in-a-loop
    talk <<<"$second_is_answered"
    run -1 talk <<<"$second_waits"
}

@test "ask-in-a-loop answers others while a peer does not read" {
    start_server 01-blocking/ask-in-a-loop
    talk <<<'A connect
             A fill
             B connect
             B send "b"
             B recv "b"'
}

@test "a peer that never reads stalls one-at-a-time until it leaves" {
    start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A fill
             B connect
             B send "b"
             B silent 200ms
             A reset
             B recv "b"'
}

@test "ask-in-a-loop is full with 1000 peers, and takes the next when one leaves" {
    start_server 01-blocking/ask-in-a-loop
    talk <<<'A*999 connect
             A send "a"
             A recv "a"
             B connect
             B send "b"
             B recv "b"
             C connect
             C send "c"
             C silent 200ms
             B close
             C recv "c"'
    stop_server
}

@test "ask-in-a-loop stops, whether a peer is silent or never reads" {
    start_server 01-blocking/ask-in-a-loop
    amid_a_conversation
    stop_server INT
    start_server 01-blocking/ask-in-a-loop
    a_peer_never_reads
    stop_server
}

# ---- what it costs ----

# has_used PID MS: for poll_until.
has_used() {
    (($(cpu_ms "$1") >= $2))
}

# sleeps PID: how often it has gone to sleep so far.
sleeps() {
    sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"
}

@test "while nobody speaks, asking uses all the CPU it gets, and waiting uses none" {
    start_server 01-blocking/one-at-a-time
    amid_a_conversation
    waiter=$SERVER
    poll_until 5 is_asleep "$waiter"
    start_server 01-blocking/ask-in-a-loop -v
    exec 9<>"/dev/tcp/$ADDRESS/$PORT"
    poll_until 20 has_used "$SERVER" 100

    used=$(cpu_ms "$waiter")
    slept=$(sleeps "$SERVER")
    poll_until 20 has_used "$SERVER" 400
    (($(cpu_ms "$waiter") == used && $(sleeps "$SERVER") - slept < 10))

    stop_server
    read -r _ asked _ in_vain _ <"$SERVER_ERR" # asked N times, M times in vain (EAGAIN)
    ((in_vain > 10000 && asked - in_vain < 10))
}

# ---- buffers ----

@test "a write to a connection that is full is short, and the rest goes in when the peer has read" {
    run -0 "$BUILD/01-blocking/fill-the-buffer" -s 10000 -r 10000
    [[ ${lines[2]} =~ ^"write 20000000 bytes: "([0-9]+)$ ]]
    ((BASH_REMATCH[1] < 20000000))
    [[ $output = *": EAGAIN; "* ]]
    [[ ${lines[-1]} =~ ^[0-9]+" writes, "([0-9]+)" of them short, "([0-9]+)" refused; the peer has all 20000000 bytes"$ ]]
    ((BASH_REMATCH[1] > 100 && BASH_REMATCH[2] > 100))
}

# taken_at_first [OPTION...]: how many bytes go into a connection whose peer does not read.
taken_at_first() {
    "$BUILD/01-blocking/fill-the-buffer" "$@" |
        awk '/EAGAIN; / { exit } /^write/ { taken += $4 } END { print taken }'
}

@test "larger buffers take more from a writer whose peer does not read" {
    small=$(taken_at_first -s 10000 -r 10000)
    large=$(taken_at_first -s 200000 -r 200000)
    ((small >= 20000 && large > 5 * small))
}

# ---- deadlines ----

# ms_of TEXT: the milliseconds, without the part after the point, in the line of $output with TEXT.
ms_of() {
    sed -En "s/.*$1.* ([0-9]+)\.[0-9] ms\$/\1/p" <<<"$output"
}

@test "a nonblocking connect is in progress, then connected, refused, or without answer until the deadline" {
    run -0 "$BUILD/01-blocking/connect-deadline" -t 300
    story=$(sed 's/  *after.*//; s/   */ /g' <<<"$output")
    diff - <(echo "$story") <<'END'
a port with a listener
 connect() EINPROGRESS
 poll() 1, an answer is there
 SO_ERROR 0, connected
 read() EAGAIN
a port without one
 connect() EINPROGRESS
 poll() 1, an answer is there
 SO_ERROR ECONNREFUSED
a port with a listener whose queue is full
 connect() EINPROGRESS
 poll() 0, the deadline
END
    (($(ms_of 'read') >= 300 && $(ms_of 'the deadline') >= 300))
}

# ---- exhibits: the same test on the twin and on the exhibit ----

thinks_first='A connect
              A silent 200ms
              A send "hello\n"
              A recv "hello\n"'

@test "a peer that thinks before it speaks is answered, but by bad-eagain-is-eof it is cut off" {
    start_server 01-blocking/ask-in-a-loop
    talk <<<"$thinks_first"
    start_server 01-blocking/bad-eagain-is-eof
    run -1 talk <<<"$thinks_first"
}

# all_stuck PID...: for poll_until. They sleep, and have not woken up since it was asked last.
all_stuck() {
    local before=${seen:-} pid
    seen=$(for pid; do sed -n '/^State/p; /ctxt/p' "/proc/$pid/status"; done)
    [[ $seen = "$before" ]] && ! grep -q '^State:.[^S]' <<<"$seen"
}

# comes_back_whole: a client lets its answers pile up until the server sleeps in write(). A few
# times the server is stopped and continued, as by Ctrl-Z and fg, and the client takes a little.
comes_back_whole() {
    local writer received size=22888896
    received=$(mktemp "$BATS_TEST_TMPDIR/received.XXXXXX")
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    seq 3000000 >&8 2>/dev/null 3>&- 4>&- &
    writer=$!
    for _ in 1 2 3 4; do
        poll_until 20 all_stuck "$SERVER" "$writer" || return
        kill -STOP "$SERVER"
        poll_until 5 is_stopped "$SERVER" || return
        kill -CONT "$SERVER"
        poll_until 20 all_stuck "$SERVER" "$writer" || return
        head -c 300000 <&8 >>"$received"
    done
    { cat "$received" && timeout 60 head -c $((size - 1200000)) <&8; } | cmp -n $size - <(seq 3000000)
}

is_stopped() {
    [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat") = T ]]
}

@test "interrupted writes lose nothing, but those of bad-ignores-short-write leave holes" {
    start_server 01-blocking/one-at-a-time
    comes_back_whole
    start_server 01-blocking/bad-ignores-short-write
    run -1 comes_back_whole
    [[ $output = *differ* ]]
}

@test "SIGTERM in a conversation is no failure, but it is one for bad-dies-on-eintr" {
    start_server 01-blocking/one-at-a-time
    amid_a_conversation
    poll_until 5 is_asleep "$SERVER"
    stop_server
    start_server 01-blocking/bad-dies-on-eintr
    amid_a_conversation
    poll_until 5 is_asleep "$SERVER"
    stop_server >"$BATS_TEST_TMPDIR/said" || failed=yes # not by `run`: that shell could not wait for it
    [[ $failed = yes && $(<"$BATS_TEST_TMPDIR/said") = "the server ended with status 1 instead of 0"* ]]
    [[ $(<"$SERVER_ERR") = "bad-dies-on-eintr: read: Interrupted system call (EINTR)" ]]
}

resets='A connect
        A send "x"
        A recv "x"
        A reset
        B connect
        B send "y"
        B recv "y"'

@test "a peer that resets ends its own connection, but with bad-dies-on-eintr the whole server" {
    start_server 01-blocking/one-at-a-time
    talk <<<"$resets"
    start_server 01-blocking/bad-dies-on-eintr
    run -1 talk <<<"$resets"
}

# A cannot be answered before H leaves, and is gone by then.
leaves_unanswered='H connect
                   H send "x"
                   H recv "x"
                   A connect
                   A send "y" * 50000
                   A close
                   H close
                   B connect
                   B send "z"
                   B recv "z"'

@test "a client that leaves before it is answered harms nobody, but kills bad-sigpipe" {
    start_server 01-blocking/one-at-a-time
    talk <<<"$leaves_unanswered"
    stop_server
    start_server 01-blocking/bad-sigpipe
    run -1 talk <<<"$leaves_unanswered"
    poll_until 5 gone "$SERVER"
    status=0
    wait "$SERVER" || status=$?
    ((status == 128 + 13)) # SIGPIPE
}
