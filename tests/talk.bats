# talk plays scripts against a port (tests/talk.c). Every step of its language here holds against a
# server that behaves, and fails against one that does not: see tests/misbehave.c.
bats_require_minimum_version 1.8.0
load lib/servers
load lib/compile
teardown() { end_servers; }

# told: what talk has printed is the text on standard input.
told() {
    diff - <(echo "$output")
}

# impatient SCRIPT-FROM-STDIN: with deadlines of 1 s, for steps that are meant to fail by them.
impatient() {
    TIME_SCALE=0.2 talk "$@"
}

# ---- connecting ----

@test "connect goes to the address and port of the command line" {
    start_server tests/misbehave
    talk <<<'A connect
             A echo "hello\n"'
    LISTEN='-p 0 -b ::1' start_server tests/misbehave
    [ "$ADDRESS" = ::1 ]
    talk <<<'A connect
             A echo "hello\n"'
}

@test "connect goes to other addresses: IPv4, IPv6 and Unix" {
    local four
    start_server tests/misbehave
    four=$PORT
    LISTEN=$BATS_TEST_TMPDIR/socket start_server 00-sockets/unix-echo
    LISTEN='-p 0 -b ::1' start_server tests/misbehave
    "$BUILD/tests/talk" <<<"A connect 127.0.0.1:$four
                            B connect [::1]:$PORT
                            C connect unix:$BATS_TEST_TMPDIR/socket
                            all echo \"hello\n\""
}

@test "connect fails where nobody listens" {
    start_server tests/misbehave
    stop_server
    run -1 talk <<<'A connect'
    told <<'END'
talk: step 1 failed (line 1): A connect
   1  A connect  FAILED
      expected a connection
      came     ECONNREFUSED
END
}

@test "connect waits while the backlog of a Unix socket is full, and not for ever" {
    compile full <<'END'
#include "error.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int
main(int argc, char **argv)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

    strncpy(addr.sun_path, argv[argc - 1], sizeof addr.sun_path - 1);
    check(bind(listener, (struct sockaddr *)&addr, sizeof addr), "bind");
    check(listen(listener, 0), "listen");
    printf("listening on unix:%s\n", addr.sun_path);
    fflush(stdout);
    return pause();
}
END
    start_server "$BATS_TEST_TMPDIR/full" "$BATS_TEST_TMPDIR/socket"
    run -1 impatient -p 1 -b 127.0.0.1 <<<"A*2 connect unix:$BATS_TEST_TMPDIR/socket"
    [[ $output = *"A, connection 2 of 2"*"came     a full backlog for 1 s" ]]
}

@test "connect-refused holds where nobody listens, and the name can connect elsewhere later" {
    local nobody
    start_server tests/misbehave
    nobody=$PORT
    stop_server
    start_server tests/misbehave
    talk <<<"A*3 connect-refused 127.0.0.1:$nobody
             A connect
             A echo \"hello\""
}

@test "connect-refused fails where somebody listens" {
    start_server tests/misbehave
    run -1 talk <<<'A connect-refused'
    told <<'END'
talk: step 1 failed (line 1): A connect-refused
   1  A connect-refused  FAILED
      expected ECONNREFUSED
      came     a connection
END
}

@test "1,000 connections at once are made, spoken to and closed" {
    start_server 11-models/thread-per-connection
    talk <<<'A*1000 connect
             A echo "hello\n" * 100
             A half-close
             A end
             A close'
    stop_server
}

@test "a number of connections that the descriptor limit does not allow is named in one line" {
    start_server tests/misbehave
    run -2 prlimit --nofile=500:500 "$BUILD/tests/talk" -p "$PORT" <<<'A*400 connect
                                                                       B*100 connect'
    told <<<'talk: 500 connections at once are too many for 500 descriptors (ulimit -Hn)'
}

@test "the descriptor limit is raised as far as the script needs" {
    start_server tests/misbehave
    prlimit --nofile=100:1000 "$BUILD/tests/talk" -p "$PORT" <<<'A*500 connect
                                                                 A close
                                                                 B*500 connect'
}

# ---- sending ----

@test "strings hold every byte, by escapes" {
    start_server tests/misbehave
    talk <<'END'
A connect
A send "\n\r\t\0\\\"\x00\x41\xfF"   # and a "comment"
A recv "\x0a\x0d\x09\x00\x5c\x22\0A\xff"
A echo "a # is no comment here"#but here
END
}

@test "a string can be repeated" {
    start_server tests/misbehave
    talk <<<'A connect
             A send "ab" * 3
             A recv "ababab"
             A send "cccc"
             A recv "c"*4'
}

@test "send-slowly sends each byte in a segment of its own" {
    start_server tests/misbehave -w twice # answers each read() twice
    talk <<<'A connect
             A send "hello"
             A recv "hellohello"'
    answered_bytewise() { # on a busy machine the server may find two at once
        talk <<<'A connect
                 A send-slowly "hello"
                 A recv "hheelllloo"'
    }
    poll_until 20 answered_bytewise
}

@test "send fails when the peer takes no more" {
    start_server tests/misbehave -w deaf
    run -1 impatient <<<'A connect
                         A send "x" * 20000000'
    [[ ${lines[3]} = "      expected to send them all" ]]
    [[ ${lines[4]} =~ ^"      came     "[1-9][0-9]+" bytes sent and then no more taken for 1 s"$ ]]
}

@test "send fails, and talk does not die, when the peer has closed" {
    start_server tests/misbehave -w closes
    run -1 talk <<<'A connect
                    A send "x" * 20000000'
    [[ $output =~ "bytes sent and then "(ECONNRESET|EPIPE)$ ]]
}

@test "fill ends when the kernel takes no more" {
    start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             B connect
             B send "hello\n"
             A fill
             B silent 100ms
             A reset
             B recv "hello\n"'
}

@test "fill fails when the peer goes on reading" {
    # shellcheck disable=SC2317 # poll_until calls it
    fails_to_fill() { # on a busy machine the server may pause for too long
        TIME_SCALE=0.1 run talk <<<'A connect
                                    A fill'
        ((status == 1))
    }
    start_server tests/misbehave -w silent
    poll_until 20 fails_to_fill
    [[ ${lines[3]} = "      expected that at last no more is taken" ]]
    [[ ${lines[4]} =~ " bytes sent and then more and more taken for 0.5 s"$ ]]
}

@test "fill does not take a pause of the peer for the end" {
    compile slow <<'END'
#include "args.h"
#include "clock.h"
#include "net.h"
#include <stdlib.h>
int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    size_t size = 1 << 20, got;
    char *buf = malloc(size);
    int peer;

    stop_on_signals(listener);
    announce(listener);
    peer = next_peer(listener);
    while (peer >= 0 && buf && read_exactly(peer, buf, size, &got) == IO_DATA)
        sleep_ms(20);
    return 0;
}
END
    fails_to_fill() { # on a busy machine the pauses may be longer
        TIME_SCALE=0.4 run talk <<<'A connect
                                    A fill'
        ((status == 1))
    }
    start_server "$BATS_TEST_TMPDIR/slow"
    poll_until 20 fails_to_fill
    [[ $output =~ "more and more taken for 2 s"$ ]]
}

# ---- receiving ----

@test "recv takes the bytes that it names and leaves what follows" {
    start_server tests/misbehave
    talk <<<'A connect
             A send "hello, world\n"
             A recv "hello"
             A recv ", "
             A recv "world\n"'
}

@test "recv waits for the rest of its bytes" {
    start_server tests/misbehave -w drips
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"'
}

@test "recv fails at the first wrong byte" {
    start_server tests/misbehave -w wrong
    run -1 talk <<<'
        # a comment
        A connect

        A send "hello\n"
        A recv "hello\n"   # this one
        A close'
    told <<'END'
talk: step 3 failed (line 6): A recv "hello\n"
   1  A connect         ok
   2  A send "hello\n"  ok
   3  A recv "hello\n"  FAILED
      expected "hello\n"
      came     "hello" and then "\x0b"
   4  A close           not reached
END
}

@test "recv tells how much of many bytes was right" {
    start_server tests/misbehave
    run -1 talk <<<'A connect
                    A send "x" * 512
                    A send "y" * 512
                    A recv "x" * 1024'
    [[ ${lines[4]} = '   4  A recv "x" * 1024  FAILED' ]]
    [[ ${lines[5]} = '      expected "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"… (1024 bytes), at byte 512 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…' ]]
    [[ ${lines[6]} = '      came     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"… (512 bytes) and then "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"…' ]]
}

@test "recv fails when the connection ends too soon" {
    start_server tests/misbehave -w half
    run -1 talk <<<'A connect
                    A send "\0\t\xff\\\"\r"
                    A recv "\0\t\xff\\\"\r"'
    told <<'END'
talk: step 3 failed (line 3): A recv "\0\t\xff\\\"\r"
   1  A connect                ok
   2  A send "\0\t\xff\\\"\r"  ok
   3  A recv "\0\t\xff\\\"\r"  FAILED
      expected "\0\t\xff\\\"\r"
      came     "\0\t\xff" and then the end of the connection
END
}

@test "recv fails when the connection is reset" {
    start_server tests/misbehave -w resets
    run -1 talk <<<'A connect
                    A send "hello\n"
                    A recv "hello\n"'
    [[ $output = *"came     ECONNRESET" ]]
}

@test "recv fails when nothing comes for 5 s x TIME_SCALE" {
    start_server tests/misbehave -w silent
    run -1 impatient <<<'A connect
                         A send "hello\n"
                         A recv "hello\n"'
    [[ $output = *"came     nothing for 1 s" ]]
}

@test "a failure names the connection, of many with the same name and of all" {
    start_server tests/misbehave
    run -1 impatient <<<'A*20 connect
                         A send "x"
                         A recv "xy"'
    [[ ${lines[4]} = "      A, connection 1 of 20" ]]
    run -1 talk <<<'A connect
                    B connect
                    B send "x"
                    all silent 5000ms
                    B recv "x"'
    [[ ${lines[5]} = "      B" ]]
    [[ ${lines[7]} = '      came     "x"' ]]
}

@test "echo sends and receives 10 MB at the same time" {
    start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A echo "0123456789" * 1000000'
}

@test "echo fails on wrong bytes, on an early end and on silence" {
    local way
    for way in wrong half resets; do
        start_server tests/misbehave -w $way
        run -1 talk <<<'A connect
                        A echo "hello"'
        [[ $output = *'came     '* ]]
    done
    start_server tests/misbehave -w silent
    run -1 impatient <<<'A connect
                         A echo "x" * 10000000'
    [[ $output = *"came     nothing for 1 s" ]]
}

# ---- how it ends ----

@test "end holds at the end, and not before what still comes" {
    start_server tests/misbehave -w once
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"
             A end
             A end'
    run -1 talk <<<'A connect
                    A send "hello\n"
                    A end'
    told <<'END'
talk: step 3 failed (line 3): A end
   1  A connect         ok
   2  A send "hello\n"  ok
   3  A end             FAILED
      expected the end of the connection
      came     "hello\n"
END
}

@test "end fails when the connection stays open, and when it is reset" {
    start_server tests/misbehave
    run -1 impatient <<<'A connect
                         A end'
    [[ $output = *"came     nothing for 1 s" ]]
    start_server tests/misbehave -w resets
    run -1 talk <<<'A connect
                    A send "hello\n"
                    A end'
    [[ $output = *"came     ECONNRESET" ]]
}

@test "broken holds after a reset" {
    start_server tests/misbehave -w resets
    talk <<<'A connect
             A send "hello\n"
             A broken
             A close'
}

@test "broken holds after a reset that came after the end, in answer to more bytes" {
    start_server tests/misbehave -w once
    talk <<<'A connect
             A send "hello\n"
             A recv "hello\n"
             A end
             A send "is anybody there?"
             A broken'
}

@test "broken fails when the connection stays open, when it ends and when bytes come" {
    start_server tests/misbehave
    run -1 impatient <<<'A connect
                         A broken'
    [[ $output = *"expected ECONNRESET or EPIPE"*"came     nothing for 1 s" ]]
    run -1 talk <<<'A connect
                    A send "hello\n"
                    A broken'
    [[ $output = *'came     "hello\n"' ]]
    start_server tests/misbehave -w hangs-up
    run -1 impatient <<<'A connect
                         A broken'
    [[ $output = *"came     its end, but no reset for 1 s" ]]
}

# ends_of_peers: a server that prints on stderr how each of its connections ended.
ends_of_peers() {
    compile ends <<'END'
#include "args.h"
#include "error.h"
#include "net.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port), peer;
    char c;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        ssize_t n;

        while ((n = read(peer, &c, 1)) > 0)
            ;
        fprintf(stderr, "%s\n", n == 0 ? "end" : errno_name(errno));
        if (n == 0 && write(peer, "bye", 3) != 3)
            complain("write", NULL);
        close(peer);
    }
    return 0;
}
END
    start_server "$BATS_TEST_TMPDIR/ends"
}

@test "half-close ends what A sends, and A can still receive" {
    ends_of_peers
    talk <<<'A connect
             A half-close
             A recv "bye"
             A end'
    [ "$(<"$SERVER_ERR")" = end ]
}

@test "close ends the connection, reset breaks it" {
    ends_of_peers
    talk <<<'A connect
             A close
             A connect
             A reset'
    said() { [[ $(<"$SERVER_ERR") = end$'\n'ECONNRESET ]]; }
    poll_until 5 said
}

@test "half-close fails on a connection that is already broken" {
    start_server tests/misbehave -w resets
    run -1 talk <<<'A connect
                    A send "hello\n"
                    A broken
                    A half-close'
    [[ $output = *"expected to send the end"*"came     0 bytes sent and then ENOTCONN" ]]
}

# ---- silence ----

# blocked_behind MILLISECONDS: how long B is silent.
blocked_behind() {
    talk <<<"A connect
             B connect
             B send \"hello\n\"
             B silent $1
             A close
             B recv \"hello\n\""
}

@test "silent holds while B waits behind A, and fails on a server that serves both" {
    start_server 01-blocking/one-at-a-time
    blocked_behind 200ms
    start_server 11-models/thread-per-connection
    run -1 blocked_behind 5000ms # which is over with the first byte
    told <<'END'
talk: step 4 failed (line 4): B silent 5000ms
   1  A connect         ok
   2  B connect         ok
   3  B send "hello\n"  ok
   4  B silent 5000ms   FAILED
      expected silence
      came     "hello\n"
   5  A close           not reached
   6  B recv "hello\n"  not reached
END
}

@test "silent fails when the connection ends, and when it is reset" {
    start_server tests/misbehave -w hangs-up
    run -1 talk <<<'A connect
                    A silent 5000ms
                    A end'
    [[ $output = *"came     the end of the connection"* ]]
    start_server tests/misbehave -w resets
    run -1 talk <<<'A connect
                    A send "x"
                    A silent 5000ms
                    A broken'
    [[ $output = *"came     ECONNRESET"* ]]
}

@test "silent lasts as long as it says" {
    local before after
    start_server tests/misbehave
    before=${EPOCHREALTIME/[.,]/}
    TIME_SCALE=2 talk <<<'A connect
                          A silent 300ms
                          A half-close
                          A end'
    after=${EPOCHREALTIME/[.,]/}
    ((after - before >= 600000))
}

@test "silent does not hold before the kernel has delivered what was sent" {
    start_server tests/misbehave -w deaf
    run -1 impatient <<<'A connect
                         A fill
                         A silent 10ms
                         A end'
    [[ $output = *"expected silence"*"came     bytes undelivered for 1 s"* ]]
}

@test "silent holds on a Unix socket whose peer has not read" {
    LISTEN=$BATS_TEST_TMPDIR/socket start_server 00-sockets/unix-echo
    PORT=1 ADDRESS=127.0.0.1 talk <<<"A connect unix:$BATS_TEST_TMPDIR/socket
                                      B connect unix:$BATS_TEST_TMPDIR/socket
                                      B send \"hello\n\"
                                      B silent 100ms
                                      A close
                                      B recv \"hello\n\""
}

@test "all silent listens to every open connection at once" {
    local play='A connect
                B*5 connect
                C connect
                B send "hello\n"
                C send "hello\n"
                all silent MS
                A close
                all half-close
                all recv "hello\n"
                all end'
    start_server 01-blocking/one-at-a-time
    talk <<<"${play/MS/100ms}"
    start_server 11-models/thread-per-connection
    run -1 talk <<<"${play/MS/5000ms}"
    [[ $output = *"step 6 failed"*'came     "hello\n"'* ]]
}

# ---- scripts that are wrong ----

# is_wrong REASON SCRIPT: nothing is played; line and reason are named.
is_wrong() {
    run -2 --separate-stderr "$BUILD/tests/talk" -p 1 <<<"$2"
    if [[ $output || ${stderr%%$'\n'*} != "talk: $1" ]]; then
        printf 'script:\n%s\nexpected: talk: %s\ngot: %s%s\n' "$2" "$1" "$output" "$stderr"
        return 1
    fi
}

@test "a script that is not understood is not played: line and reason are named" {
    local c=$'A connect\n'
    is_wrong "line 2: unknown step 'sned'; there are connect connect-refused send send-slowly fill recv echo end broken silent half-close reset close" "$c A sned \"x\""
    is_wrong "line 1: unknown step ''; there are connect connect-refused send send-slowly fill recv echo end broken silent half-close reset close" "A"
    is_wrong "line 3: a step begins with the short name of a connection, or with 'all'" "$c"$'\n"x" send'
    is_wrong "line 1: a step begins with the short name of a connection, or with 'all'" "7 connect"
    is_wrong "line 1: a step begins with the short name of a connection, or with 'all'" \
        "abcdefghijklmnopqrstuvwxyzabcdef connect"
    is_wrong "line 2: the bytes are missing, in double quotes" "$c A send"
    is_wrong "line 2: the bytes are missing, in double quotes" "$c A recv hello"
    is_wrong "line 2: the string does not end" "$c A send \"hello"
    is_wrong "line 2: the string does not end" "$c A send \"hello\\\""
    is_wrong "line 2: the string is empty" "$c A send \"\""
    is_wrong "line 2: '\\q' is no escape; there are \\n \\r \\t \\0 \\\\ \\\" \\xHH" "$c A send \"\\q\""
    is_wrong "line 2: '\\x' is no escape; there are \\n \\r \\t \\0 \\\\ \\\" \\xHH" "$c A send \"\\x4\""
    is_wrong "line 2: '\\' is no escape; there are \\n \\r \\t \\0 \\\\ \\\" \\xHH" "$c A send \"\\"
    is_wrong "line 2: how many times is a number from 1 to 100000000, not '0'" "$c A send \"x\" * 0"
    is_wrong "line 2: how many times is a number from 1 to 50000000, not '100000000'" \
        "$c A send \"xy\" * 100000000"
    is_wrong "line 2: how many times is a number from 1 to 100000000, not '10k'" "$c A send \"x\" * 10k"
    is_wrong "line 2: how many times is a number from 1 to 100000000, not ''" "$c A send \"x\" *"
    is_wrong "line 1: how many connections is a number from 1 to 1000000, not '-1'" "A*-1 connect"
    is_wrong "line 2: a duration is a number from 1ms to 60000ms, not '200'" "$c A silent 200"
    is_wrong "line 2: a duration is a number from 1ms to 60000ms, not ''" "$c A silent"
    is_wrong "line 2: a duration is a number from 1ms to 60000ms, not '9999999999999999999ms'" \
        "$c A silent 9999999999999999999ms"
    is_wrong "line 2: the step should have ended before 'now'" "$c A close now"
    is_wrong "line 2: the step should have ended before '\"x\"'" "$c A send \"x\" \"x\""
    is_wrong "line 1: a word of 300 characters" "$(printf '%0300d' 0) connect"
}

@test "an address that is none is named with its line" {
    local bad
    for bad in nonsense localhost:8000 127.0.0.1 127.0.0.1: 127.0.0.1:http 127.0.0.1:70000 '[::1]' \
        256.0.0.1:80 ']:1' '[:1'; do
        is_wrong "line 1: an address is written 127.0.0.1:9000, [::1]:9000 or unix:/path" \
            "A connect $bad"
    done
    is_wrong "line 1: the path of a Unix socket has 1 to 107 bytes" "A connect unix:"
    is_wrong "line 1: the path of a Unix socket has 1 to 107 bytes" \
        "A connect unix:$(printf '%0108d' 0)"
}

@test "a script that makes no sense is not played: line and reason are named" {
    local c=$'A connect\n'
    is_wrong "line 1: nobody has connected A" 'A send "x"'
    is_wrong "line 2: nobody has connected B" "$c B send \"x\""
    is_wrong "line 2: nobody has connected B" "$c B close"$'\nB connect'
    is_wrong "line 2: A is connected already" "$c A connect"
    is_wrong "line 2: A is connected already" "$c A connect-refused"
    is_wrong "line 3: A has left on line 2" "$c A close"$'\nA send "x"'
    is_wrong "line 3: A has left on line 2" "$c A reset"$'\nA recv "x"'
    is_wrong "line 2: nobody has connected A" 'A connect-refused
                                               A end'
    is_wrong "line 3: A has half-closed and can send no more" "$c A half-close"$'\nA send "x"'
    is_wrong "line 3: A has half-closed and can send no more" "$c A half-close"$'\nA fill'
    is_wrong "line 3: A has half-closed and can send no more" "$c A half-close"$'\nall half-close'
    is_wrong "line 2: the number belongs to the step that connects A" "$c A*3 send \"x\""
    is_wrong "line 1: nobody is connected" "all close"
    is_wrong "line 3: nobody is connected" "$c A close"$'\nall send "x"'
    is_wrong "line 1: nobody is connected" "all connect"
    is_wrong "line 101: more than 100 names" "$(for i in {1..101}; do echo "A$i connect"; done)"
}

@test "a script without a step is not played" {
    is_wrong "line 1: the script has no steps, and would prove nothing" ""
    run -2 --separate-stderr "$BUILD/tests/talk" -p 1 /dev/null
    [[ $stderr = "talk: line 1: the script has no steps"* ]]
    is_wrong "line 3: the script has no steps, and would prove nothing" $'# nothing\n\n   # here'
}

@test "a silence that nothing ends is not played, for it would prove nothing" {
    local c=$'A connect\n' why="no later 'recv' or 'end' shows what"
    is_wrong "line 2: $why A has waited for" "$c A silent 1ms"
    is_wrong "line 2: $why A has waited for" "$c A silent 1ms"$'\nA close'
    is_wrong "line 2: $why A has waited for" "$c A silent 1ms"$'\nA close\nA connect\nA recv "x"'
    is_wrong "line 2: $why A has waited for" "$c A silent 1ms"$'\nA echo "x"'
    is_wrong "line 4: $why A has waited for" "$c A recv \"x\""$'\nA send "y"\nA silent 1ms'
    is_wrong "line 5: $why B has waited for" "$c B connect"$'\nA send "x"\nB send "x"\nall silent 1ms\nA recv "x"'
}

@test "a control character or a zero byte in a script is an error" {
    is_wrong "line 1: a control character; in a string it is written \\x1b" $'A send "\e"'
    run -2 "$BUILD/tests/talk" < <(printf 'A connect\nA close\0\n')
    [[ ${lines[0]} = "talk: line 2: a control character; in a string it is written \\x00" ]]
}

@test "the whole script is read before anything is connected" {
    ends_of_peers
    run -2 talk <<<'A connect
                    A close
                    A sned "x"'
    stop_server
    [ ! -s "$SERVER_ERR" ]
}

# ---- options ----

@test "a script is read from a file, also with the line ends of Windows" {
    start_server tests/misbehave
    printf 'A connect\r\n\r\n# comment\r\n\tA echo "x" * 3\r\nA half-close\r\nA end' \
        >"$BATS_TEST_TMPDIR/script"
    run -0 talk -v "$BATS_TEST_TMPDIR/script"
    told <<'END'
   1  A connect       ok
   2  A echo "x" * 3  ok
   3  A half-close    ok
   4  A end           ok
END
}

@test "talk says nothing when all is well, and with -v each step on stdout" {
    start_server tests/misbehave
    run -0 --separate-stderr talk <<<'A connect'
    [[ -z $output && -z $stderr ]]
    run -1 --separate-stderr impatient -v <<<'A connect
                                              A end'
    [[ $output = "   1  A connect  ok" && $stderr = "talk: step 2 failed (line 2): A end"* ]]
}

@test "talk survives a reader of its stdout that has gone" {
    start_server tests/misbehave
    run -0 bash -c '"$@" <<<"A connect
                             A echo \"x\"" | true
                    exit "${PIPESTATUS[0]}"' bash "$BUILD/tests/talk" -v -p "$PORT"
}

@test "wrong options and files end with status 2, and -h with 0" {
    run -0 --separate-stderr "$BUILD/tests/talk" -h
    [[ ${output%%$'\n'*} = "usage: talk [-p PORT] [-b ADDRESS] [-v] [-h] [SCRIPT]" && -z $stderr ]]
    run -2 "$BUILD/tests/talk" -x
    told <<<'usage: talk [-p PORT] [-b ADDRESS] [-v] [-h] [SCRIPT]'
    run -2 "$BUILD/tests/talk" one two
    run -2 "$BUILD/tests/talk" -p 0
    told <<<"talk: PORT must be a whole number from 1 to 65535, not '0'"
    run -2 "$BUILD/tests/talk" -b localhost
    told <<<"talk: ADDRESS must be a number such as 127.0.0.1 or ::1, not 'localhost'"
    run -2 "$BUILD/tests/talk" /no/such/script
    told <<<'talk: open: No such file or directory (ENOENT): /no/such/script'
    run -2 "$BUILD/tests/talk" /
    told <<<'talk: read: Is a directory (EISDIR): the script'
    TIME_SCALE=fast run -2 "$BUILD/tests/talk" <<<'A connect'
    told <<<"talk: TIME_SCALE must be a number up to 1000, not 'fast'"
    TIME_SCALE=-1 run -2 "$BUILD/tests/talk" <<<'A connect'
}
