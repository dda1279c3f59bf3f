load lib/servers
teardown() { end_servers; }

# ---- what these tests look with ----

resolve() { "$BUILD/00-sockets/resolve" "$@"; }
client() { "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT"; }
states() { "$BUILD/00-sockets/states" "$@"; }
ask() { "$BUILD/00-sockets/udp-ask" "$ADDRESS" "$PORT" "$@"; }

# run_to_its_end PROGRAM ARGUMENT...: one that should not even start; it fails if it serves instead.
run_to_its_end() {
    run --separate-stderr timeout $((5 * MICROSECONDS / 1000000 + 1)) "$BUILD/00-sockets/$1" "${@:2}"
}

needs_ipv6() {
    grep -qs ' lo$' /proc/net/if_inet6 || skip "this machine has no ::1"
}

# A client in the background whose input stays open until descriptor 9 is closed. Sets VISITOR;
# what it was told is in $BATS_TEST_TMPDIR/told.
start_visitor() {
    mkfifo "$BATS_TEST_TMPDIR/input"
    exec 9<>"$BATS_TEST_TMPDIR/input"
    client <"$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/told" 2>&1 3>&- 4>&- 9>&- &
    VISITOR=$!
}

# The visitor's status must be $1.
visitor_ends_with() {
    local status=0
    poll_until 5 gone "$VISITOR" || return 1
    wait "$VISITOR" || status=$?
    [ "$status" = "$1" ]
}

# states_at PORT: the kernel's states of the connections at this local port, in hexadecimal:
# 01 ESTABLISHED, 06 TIME_WAIT, 08 CLOSE_WAIT. While many others come and go, the table is told
# again from the middle, and has a connection several times.
states_at() {
    awk -v port=":$(printf %04X "$1")" \
        '$4 != "0A" && substr($2, length($2) - 4) == port && !seen[$3]++ { print $4 }' /proc/net/tcp
}

in_time_wait() {
    [[ $(states_at "$1") = 06 ]]
}

# ---- resolve ----

@test "resolve: a number needs no resolver, in either family" {
    run resolve 127.0.0.1 80
    [ "$output" = "IPv4  127.0.0.1:80" ]
    run resolve ::1 80
    [ "$output" = "IPv6  [::1]:80" ]
    run resolve 127.1 80
    [ "$output" = "IPv4  127.0.0.1:80" ]
}

@test "resolve: localhost is this machine, once for each family that the machine names so" {
    run resolve localhost 80
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -ge 1 ]
    run grep -vx -e 'IPv4  127\.0\.0\.1:80' -e 'IPv6  \[::1\]:80' <<<"$output"
    [ "$output" = "" ]
    run resolve -4 localhost 80
    [ "$output" = "IPv4  127.0.0.1:80" ]
}

@test "resolve: a port may be a name" {
    grep -qs '^http[[:space:]]' /etc/services || skip "no /etc/services here"
    run resolve 127.0.0.1 http
    [ "$output" = "IPv4  127.0.0.1:80" ]
}

@test "resolve: nobody's address is loopback for a client, and every interface for a listener" {
    run resolve -4 '' 80
    [ "$output" = "IPv4  127.0.0.1:80" ]
    run resolve -4 -l '' 80
    [ "$output" = "IPv4  0.0.0.0:80" ]
}

@test "resolve: what is unknown is one line on stderr and status 1" {
    for query in "no-such-host.invalid 80" "127.0.0.1 no-such-port" "-6 127.0.0.1 80"; do
        # shellcheck disable=SC2086 # several words on purpose
        run --separate-stderr resolve $query
        [ "$status" -eq 1 ]
        [ "$output" = "" ]
        [[ $stderr = "resolve: getaddrinfo: "* ]]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
}

# ---- tcp-server and tcp-client ----

@test "the client's half-close is the server's end of file, and the answer still comes" {
    start_server 00-sockets/tcp-server
    run client <<<hello
    [ "$status" -eq 0 ]
    [[ $output =~ ^6\ bytes\ from\ 127\.0\.0\.1:[0-9]+$ ]]
    stop_server
}

@test "as long as the client does not end, the server says nothing" {
    start_server 00-sockets/tcp-server
    talk <<<'A connect
             A send "hello\n"
             A silent 200ms
             A half-close
             A recv "6 bytes from 127.0.0.1:"'
    stop_server
}

@test "tcp-client passes on more than all buffers hold, both ways at once, unharmed" {
    start_server 01-blocking/one-at-a-time
    cmp <(seq 12000000) <(seq 12000000 | patient_client)
    stop_server
}

@test "tcp-client loses nothing when a send takes a part and when calls are interrupted" {
    start_server 01-blocking/one-at-a-time
    cmp <(seq 300000) <(seq 300000 | FAULTS=send:short,read:EINTR,poll:EINTR patient_client)
    stop_server
}

# Not for ever, should it hang.
patient_client() {
    timeout $((20 * MICROSECONDS / 1000000 + 1)) "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT"
}

@test "tcp-client ends when the server does, even while its own input is open" {
    start_server 00-sockets/tcp-server
    start_visitor
    poll_until 5 descriptors_are "$SERVER" 5
    stop_server
    visitor_ends_with 0
    grep -q '^0 bytes from' "$BATS_TEST_TMPDIR/told"
}

@test "tcp-client says that the connection was reset, and ends with status 1" {
    start_server 01-blocking/one-at-a-time
    start_visitor
    poll_until 5 descriptors_are "$SERVER" 5
    stop_for_now
    echo "never to be read" >&9
    poll_until 5 bytes_wait_at "$PORT"
    kill -KILL "$SERVER"
    visitor_ends_with 1
    grep -q '^tcp-client: read: .*(ECONNRESET)$' "$BATS_TEST_TMPDIR/told"
}

# Stopped as by Ctrl-Z: from now on it reads nothing.
stop_for_now() {
    kill -STOP "$SERVER"
    poll_until 5 is_stopped "$SERVER"
}

is_stopped() {
    [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat") = T ]]
}

# The fifth column of /proc/net/tcp is what has come and has not been read, after the colon.
bytes_wait_at() {
    awk -v port=":$(printf %04X "$1")" '$4 == "01" && substr($2, length($2) - 4) == port &&
        $5 !~ /:00000000$/ { found = 1 } END { exit !found }' /proc/net/tcp
}

@test "tcp-client ends with status 1 when not all of its input could be sent" {
    start_server 01-blocking/one-at-a-time
    stop_for_now
    "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" < <(seq 12000000) \
        >"$BATS_TEST_TMPDIR/told" 2>&1 3>&- 4>&- &
    VISITOR=$!
    poll_until 5 bytes_wait_at "$PORT"
    kill -KILL "$SERVER"
    visitor_ends_with 1
    grep -q '^tcp-client: .*(ECONNRESET)$' "$BATS_TEST_TMPDIR/told"
}

@test "tcp-client names the address that refused it" {
    start_server 00-sockets/tcp-server
    stop_server
    run --separate-stderr client </dev/null
    [ "$status" -eq 1 ]
    [ "$stderr" = "tcp-client: connect: Connection refused (ECONNREFUSED): 127.0.0.1:$PORT" ]
}

@test "tcp-server and tcp-client speak IPv6" {
    needs_ipv6
    LISTEN="-b ::1 -p 0" start_server 00-sockets/tcp-server
    grep -qx "listening on \[::1\]:$PORT" "$SERVER_OUT"
    run client <<<hello
    [[ $output =~ ^6\ bytes\ from\ \[::1\]:[0-9]+$ ]]
    stop_server
}

@test "a listener on :: is reached by IPv4, too, and sees a mapped address" {
    needs_ipv6
    [[ $(</proc/sys/net/ipv6/bindv6only) = 0 ]] || skip "net.ipv6.bindv6only is 1 here"
    LISTEN="-b :: -p 0" start_server 00-sockets/tcp-server
    ADDRESS=127.0.0.1
    run client <<<hello
    [[ $output =~ ^6\ bytes\ from\ \[::ffff:127\.0\.0\.1\]:[0-9]+$ ]]
}

@test "a peer that resets its connection does not take tcp-server down" {
    start_server 00-sockets/tcp-server
    talk <<<'A connect
             A send "hello\n"
             A reset
             B connect
             B half-close
             B recv "0 bytes from"'
    stop_server
}

# ---- the contract ----

@test "each server of the chapter stops with status 0, on SIGTERM and on SIGINT" {
    for server in tcp-server udp-echo; do
        start_server "00-sockets/$server"
        stop_server
        start_server "00-sockets/$server"
        stop_server INT
    done
    LISTEN="$BATS_TEST_TMPDIR/echo" start_server 00-sockets/unix-echo
    stop_server
    LISTEN="$BATS_TEST_TMPDIR/echo" start_server 00-sockets/unix-echo
    stop_server INT
}

@test "a busy port is one line with the port, and status 1" {
    for server in tcp-server udp-echo; do
        start_server "00-sockets/$server"
        run_to_its_end "$server" -p "$PORT"
        [ "$status" -eq 1 ]
        [ "$output" = "" ]
        [ "$stderr" = "$server: bind: Address already in use (EADDRINUSE): 127.0.0.1:$PORT" ]
        stop_server
    done
}

@test "a wrong option or operand is one line on stderr and status 2" {
    for program in "tcp-server -x" "udp-echo -p 65536" "unix-echo" "tcp-client localhost" \
        "resolve" "udp-ask localhost 8000" "backlog -1" "backlog many" "states A-dance"; do
        # shellcheck disable=SC2086 # several words on purpose
        run_to_its_end $program
        [ "$status" -eq 2 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
}

@test "a silent peer does not keep a server from stopping" {
    start_server 00-sockets/tcp-server
    start_visitor
    poll_until 5 descriptors_are "$SERVER" 5
    stop_server
    exec 9>&-
    LISTEN="$BATS_TEST_TMPDIR/echo" start_server 00-sockets/unix-echo
    "$BUILD/tests/talk" <<<"A connect unix:$BATS_TEST_TMPDIR/echo
             A end" 3>&- 4>&- &
    VISITOR=$!
    poll_until 5 descriptors_are "$SERVER" 5
    stop_server
    visitor_ends_with 0
}

@test "a call that is interrupted ends no connection" {
    FAULTS=accept:EINTR,read:EINTR start_server 00-sockets/tcp-server
    run client <<<hello
    [[ $output = "6 bytes from "* ]]
    stop_server
    path=$BATS_TEST_TMPDIR/echo
    FAULTS=accept:EINTR,read:EINTR,write:EINTR LISTEN=$path start_server 00-sockets/unix-echo
    "$BUILD/tests/talk" <<<"A connect unix:$path
             A echo \"hello\n\"
             A half-close
             A end"
    stop_server
}

# ---- boundaries ----

# Sets lines to what boundaries prints; it takes 2 s, so it is run once.
boundaries() {
    local said=$BATS_FILE_TMPDIR/boundaries
    [ -s "$said" ] || "$BUILD/00-sockets/boundaries" >"$said"
    mapfile -t lines <"$said"
}

@test "TCP: three sends arrive as one recv, and one send as several" {
    boundaries
    [ "${lines[0]}" = "TCP, SOCK_STREAM" ]
    [[ ${lines[1]} = *'->  "redgreenblue"' ]]
    [[ ${lines[2]} = *'->  "hello"  ", wor"  "ld"' ]]
    [[ ${lines[3]} =~ '->'(\ +[0-9]+){2,}$ ]]
}

@test "UDP and SOCK_SEQPACKET: a send is a recv, what does not fit is lost or refused" {
    boundaries
    [ "${lines[4]}" = "UDP, SOCK_DGRAM" ]
    [ "${lines[8]}" = "Unix, SOCK_SEQPACKET" ]
    for first in 5 9; do
        [[ ${lines[first]} = *'->  "red"  "green"  "blue"' ]]
        [[ ${lines[first + 1]} = *'->  "hello"' ]]
        [[ ${lines[first + 2]} = *'->  EMSGSIZE' ]]
    done
}

# ---- states ----

# shows MOVE RESULT A B: the line of states for this move, whatever stands before it.
shows() {
    local line
    printf -v line '%-11s %-12s %-14s %s' "$@"
    grep -qxF -- "$line" <<<"$output" || {
        printf 'there is no line\n%s\nin\n%s\n' "$line" "$output"
        return 1
    }
}

@test "a half-close leaves FIN_WAIT2 and CLOSE_WAIT, and the other direction open" {
    run states
    shows A-connect 0 ESTABLISHED ESTABLISHED
    shows A-shutdown 0 FIN_WAIT2 CLOSE_WAIT
    shows B-recv 0 FIN_WAIT2 CLOSE_WAIT
    shows B-send 5 FIN_WAIT2 CLOSE_WAIT
    shows A-recv 5 FIN_WAIT2 CLOSE_WAIT
}

@test "TIME_WAIT is at the end that closed first, and outlives its descriptor" {
    run states
    shows B-close 0 'TIME_WAIT*' CLOSED
    shows A-close 0 'TIME_WAIT*' CLOSED
    run states B-close A-close
    shows B-close 0 CLOSE_WAIT 'FIN_WAIT2*'
    shows A-close 0 CLOSED 'TIME_WAIT*'
}

@test "closing with bytes unread is a reset: nobody waits, the other end gets ECONNRESET" {
    run states A-send B-close A-send A-recv
    shows A-send 5 ESTABLISHED ESTABLISHED
    shows B-close 0 CLOSED CLOSED
    shows A-send ECONNRESET CLOSED CLOSED
}

@test "after the other end has closed, the first send succeeds and the second fails" {
    run states A-close B-send B-send
    shows A-close 0 'FIN_WAIT2*' CLOSE_WAIT
    shows B-send 5 CLOSED CLOSED
    shows B-send EPIPE CLOSED CLOSED
}

# ---- backlog ----

@test "at listen(N) the connect after N + 1 connected clients hangs, until one is accepted" {
    for backlog in 0 1 3; do # 1 is the default; at the same time, for each takes a second
        "$BUILD/00-sockets/backlog" ${backlog#1} >"$BATS_TEST_TMPDIR/$backlog" 3>&- 4>&- &
    done
    wait
    for backlog in 0 1 3; do
        mapfile -t lines <"$BATS_TEST_TMPDIR/$backlog"
        [ "${lines[0]}" = "listen(listener, $backlog), and nobody calls accept()" ]
        connected=$((backlog + 1)) hangs=$((backlog + 2))
        [ "${lines[connected]}" = \
            "client $connected: connected, has sent 13 bytes; $connected wait for accept()" ]
        [ "${lines[hangs]}" = "client $hangs: connect() hangs; $connected wait for accept()" ]
        [ "${lines[hangs + 1]}" = "accept() returns a peer who says: I am client 1" ]
        [[ ${lines[hangs + 2]} = "client $hangs: connected "*" s after its connect()" ]]
    done
}

# ---- UDP ----

@test "udp-echo sends each datagram back by itself, the empty one, too" {
    start_server 00-sockets/udp-echo
    run ask one '' three
    [ "$status" -eq 0 ]
    [ "$output" = $'3 bytes: "one"\n0 bytes: ""\n5 bytes: "three"' ]
    stop_server
}

@test "udp-echo takes datagrams of all sizes that UDP can carry" {
    start_server 00-sockets/udp-echo
    run ask "$(head -c 65507 /dev/zero | tr '\0' x)"
    [[ $output = '65507 bytes: "xxx'* ]]
    run ask "$(head -c 65508 /dev/zero | tr '\0' x)"
    [ "$status" -eq 1 ]
    [[ $output = *"send: Message too long (EMSGSIZE)" ]]
}

@test "udp-echo speaks IPv6" {
    needs_ipv6
    LISTEN="-b ::1 -p 0" start_server 00-sockets/udp-echo
    run ask hello
    [ "$output" = '5 bytes: "hello"' ]
    stop_server
}

@test "a UDP client learns only after the send that nobody is there" {
    start_server 00-sockets/udp-echo
    stop_server
    run --separate-stderr ask hello
    [ "$status" -eq 1 ]
    [ "$output" = "" ]
    [ "$stderr" = "udp-ask: recv: Connection refused (ECONNREFUSED)" ]
}

@test "datagrams that never stop coming do not keep udp-echo from stopping" {
    start_server 00-sockets/udp-echo
    for _ in 1 2 3; do
        (while echo x; do :; done >"/dev/udp/127.0.0.1/$PORT") 2>/dev/null 3>&- 4>&- &
    done
    poll_until 5 has_used_cpu "$SERVER"
    stop_server
}

has_used_cpu() {
    (($(cpu_ms "$1") >= 50))
}

# ---- Unix sockets ----

@test "unix-echo echoes on a path, which is a socket while it runs and is gone afterwards" {
    path=$BATS_TEST_TMPDIR/echo
    LISTEN=$path start_server 00-sockets/unix-echo
    [ "$(<"$SERVER_OUT")" = "listening on unix:$path" ]
    [ -S "$path" ]
    "$BUILD/tests/talk" <<<"A connect unix:$path
             A send \"hello\n\"
             A recv \"hello\n\"
             A half-close
             A end"
    stop_server
    [ ! -e "$path" ]
}

@test "unix-echo takes over the path of a server that was killed" {
    path=$BATS_TEST_TMPDIR/echo
    LISTEN=$path start_server 00-sockets/unix-echo
    kill -KILL "$SERVER"
    poll_until 5 gone "$SERVER"
    [ -S "$path" ]
    LISTEN=$path start_server 00-sockets/unix-echo
    stop_server
}

@test "unix-echo takes neither the path of a living server nor that of a file" {
    path=$BATS_TEST_TMPDIR/echo
    LISTEN=$path start_server 00-sockets/unix-echo
    run_to_its_end unix-echo "$path"
    [ "$status" -eq 1 ]
    [ "$stderr" = "unix-echo: bind: Address already in use (EADDRINUSE): $path" ]
    stop_server
    echo precious >"$path"
    run_to_its_end unix-echo "$path"
    [ "$status" -eq 1 ]
    [ "$(<"$path")" = precious ]
}

@test "a path has at most 107 bytes" {
    cd "$BATS_TEST_TMPDIR"
    LISTEN=$(printf '%0107d' 0) start_server 00-sockets/unix-echo
    stop_server
    run_to_its_end unix-echo "$(printf '%0108d' 0)"
    [ "$status" -eq 1 ]
    [[ $stderr = "unix-echo: bind: File name too long (ENAMETOOLONG): "* ]]
}

# ---- the exhibits: the test that the twin passes ----

# A visitor is connected when the server stops; then the connection is in the server's port.
stop_with_a_visitor() {
    start_visitor
    poll_until 5 descriptors_are "$SERVER" 5
    stop_server
    visitor_ends_with 0
    poll_until 5 in_time_wait "$PORT"
}

@test "tcp-server can be started again while a connection of it is in TIME_WAIT" {
    start_server 00-sockets/tcp-server
    stop_with_a_visitor
    LISTEN="-p $PORT" start_server 00-sockets/tcp-server
    stop_server
}

@test "bad-no-reuseaddr cannot: its port is busy, for a server that sets SO_REUSEADDR, too" {
    start_server 00-sockets/bad-no-reuseaddr
    stop_with_a_visitor
    for program in bad-no-reuseaddr tcp-server; do # it counts what the old connection had set
        run_to_its_end "$program" -p "$PORT"
        [ "$status" -eq 1 ]
        [[ $stderr = *"bind: Address already in use (EADDRINUSE): 127.0.0.1:$PORT" ]]
    done
}

message_in_two_parts() {
    talk <<<'A connect
             A send "hel"
             A silent 200ms
             A send "lo\n"
             A half-close
             A recv "6 bytes from 127.0.0.1:"'
}

@test "tcp-server counts all of a message that comes in two parts" {
    start_server 00-sockets/tcp-server
    message_in_two_parts
}

@test "bad-one-send-one-recv takes the first part for all of it" {
    start_server 00-sockets/bad-one-send-one-recv
    run message_in_two_parts
    [ "$status" -eq 1 ]
    [[ $output = *"3 bytes from"* ]]
}

# When the fourth visitor is being answered, the three before him must be closed.
four_visitors() {
    before=$(descriptor_count "$SERVER")
    for n in 1 2 3 4; do
        client </dev/null >"$BATS_TEST_TMPDIR/$n" 2>&1 3>&- 4>&- &
        poll_until 5 grep -qs '^0 bytes from' "$BATS_TEST_TMPDIR/$n"
    done
    after=$(descriptor_count "$SERVER")
    waiting=$(states_at "$PORT" | grep -c 08) || true
    echo "descriptors: $before before, $after after; connections in CLOSE_WAIT: $waiting"
    ((after <= before + 1)) && ((waiting <= 1))
}

@test "tcp-server is rid of its peers when it has answered them" {
    start_server 00-sockets/tcp-server
    four_visitors
    stop_server
}

@test "bad-forgets-close keeps them all: a descriptor each, and a connection in CLOSE_WAIT" {
    start_server 00-sockets/bad-forgets-close
    run four_visitors
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$output" = "descriptors: 4 before, 8 after; connections in CLOSE_WAIT: 4" ]
}

@test "even when it has run out of descriptors, a server stops" {
    command -v prlimit || skip "prlimit (util-linux) is missing"
    export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # looking for leaks takes a descriptor
    LISTEN="--nofile=16 $BUILD/00-sockets/bad-forgets-close -p 0" start_server "$(command -v prlimit)"
    for _ in {1..14}; do
        client </dev/null >>"$BATS_TEST_TMPDIR/told" 2>&1 3>&- 4>&- &
    done
    poll_until 5 descriptors_are "$SERVER" 16
    stop_server
}
