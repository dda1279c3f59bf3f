# The core of lib/ (error, args, net, io, clock) and the helpers with which tests are written.
bats_require_minimum_version 1.8.0
load lib/servers
load lib/compile
teardown() { end_servers; }

core='error args net io clock'

# script NAME: an executable file of what comes on standard input. As a "server" for start_server
# it is called with -p 0.
script() {
    cat >"$BATS_TEST_TMPDIR/$1"
    chmod +x "$BATS_TEST_TMPDIR/$1"
}

# says WHAT: it was the only line on stderr, and nothing was on stdout.
says() {
    [[ -z $output && $stderr = "$1" ]] || {
        printf 'expected on stderr: %s\ngot: %s\non stdout: %s\n' "$1" "$stderr" "$output"
        return 1
    }
}

# ---- errors ----

@test "check and fail end the program with one line: call, text, errno name and argument" {
    compile errors <<'END'
#include "error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
int
main(int argc, char **argv)
{
    switch (argc > 1 ? atoi(argv[1]) : 0) {
    case 1:
        check(open("/no/such/file", O_RDONLY), "open");
        break;
    case 2:
        errno = ECONNRESET;
        fail("read", "127.0.0.1:8000");
    case 3:
        errno = EPIPE;
        complain("write", NULL);
        printf("going on, errno %s, %d\n", errno_name(errno), check(7, "seven"));
        break;
    default:
        printf("%s %s %s %s\n", errno_name(EAGAIN), errno_name(EINTR), errno_name(99999),
               errno_name(-1));
    }
    return 0;
}
END
    cd "$BATS_TEST_TMPDIR"
    run -1 --separate-stderr ./errors 1
    says 'errors: open: No such file or directory (ENOENT)'
    run -1 --separate-stderr ./errors 2
    says 'errors: read: Connection reset by peer (ECONNRESET): 127.0.0.1:8000'
    run -0 --separate-stderr ./errors 3
    [[ $stderr = 'errors: write: Broken pipe (EPIPE)' && $output = 'going on, errno EPIPE, 7' ]]
    run -0 ./errors
    [[ $output = 'EAGAIN EINTR E? E?' ]]
}

# ---- options ----

one=01-blocking/one-at-a-time

@test "-h tells on stdout what a server takes, and ends with status 0" {
    run -0 --separate-stderr "$BUILD/$one" -h
    [[ ${lines[0]} = 'usage: one-at-a-time [-p PORT] [-b ADDRESS] [-h]' && -z $stderr ]]
    [[ ${lines[1]} = '  -p PORT '* && ${lines[2]} = '  -b ADDRESS '* ]]
}

@test "a wrong option, a missing value and an operand too many end with the usage line and status 2" {
    local wrong
    for wrong in '-x' '-p' '-b' 'operand' '-p 0 operand' '-p 0 -x'; do
        # shellcheck disable=SC2086 # several words on purpose
        run -2 --separate-stderr timeout 10 "$BUILD/$one" $wrong
        says 'usage: one-at-a-time [-p PORT] [-b ADDRESS] [-h]'
    done
}

@test "a port that is none ends the program with status 2" {
    local wrong
    for wrong in '' http 65536 -1 80x 0x50 99999999999999999999; do
        run -2 --separate-stderr timeout 10 "$BUILD/$one" -p "$wrong"
        says "one-at-a-time: PORT must be a whole number from 0 to 65535, not '$wrong'"
    done
}

@test "a program takes its own options, and the operands that it names" {
    compile own <<'END'
#include "args.h"
#include <stdio.h>
#include <string.h>
int
main(int argc, char **argv)
{
    const char *seconds = "3", *quiet = NULL;
    const struct own_option own[] = {
        {'t', "SECONDS", "how long (3)", &seconds}, {'q', NULL, "say less", &quiet}, {0}};
    struct server_args args = {0};
    char *none[] = {NULL}, **operands = none;

    if (strstr(argv[0], "server"))
        args = parse_server_args_and(argc, argv, own);
    else
        operands = parse_args(argc, argv, own, "HOST PORT [FILE]");
    printf("%s %s", seconds, quiet ? "quiet" : "loud");
    if (args.port)
        printf(" %s %s", args.address, args.port);
    for (; *operands; operands++)
        printf(" <%s>", *operands);
    printf("\n");
    return 0;
}
END
    cd "$BATS_TEST_TMPDIR"
    cp own server
    [ "$(./own one two)" = '3 loud <one> <two>' ]
    [ "$(./own -t 7 -q one two three)" = '7 quiet <one> <two> <three>' ]
    [ "$(./server)" = '3 loud 127.0.0.1 8000' ]
    [ "$(./server -q -b ::1 -p 7 -t 1)" = '1 quiet ::1 7' ]
    run -2 --separate-stderr ./own one
    says 'usage: own [-t SECONDS] [-q] [-h] HOST PORT [FILE]'
    run -2 ./own 1 2 3 4
    run -2 --separate-stderr ./server -t
    says 'usage: server [-p PORT] [-b ADDRESS] [-t SECONDS] [-q] [-h]'
    run -0 ./own -h
    [[ ${lines[0]} = 'usage: own [-t SECONDS] [-q] [-h] HOST PORT [FILE]' ]]
    [[ ${lines[1]} = '  -t SECONDS      how long (3)' && ${lines[2]} = '  -q              say less' ]]
}

# ---- listening ----

@test "with -p 0 a server announces the port that the kernel chose, and can be connected to" {
    start_server $one
    [[ $(<"$SERVER_OUT") =~ ^listening\ on\ 127\.0\.0\.1:[1-9][0-9]*$ ]]
    talk <<<'A connect
             A echo "hello\n"'
}

@test "an IPv6 address is announced in brackets" {
    LISTEN='-p 0 -b ::1' start_server $one
    [[ $(<"$SERVER_OUT") =~ ^listening\ on\ \[::1\]:[1-9][0-9]*$ ]]
    talk <<<'A connect
             A echo "hello\n"'
}

@test "a server says one line on stdout and nothing on stderr, from its start to its end" {
    start_server $one
    talk <<<'A connect
             A echo "hello\n"
             A half-close
             A end'
    stop_server
    [ "$(wc -l <"$SERVER_OUT")" = 1 ]
    [ ! -s "$SERVER_ERR" ]
}

@test "a busy port is refused with one line and status 1" {
    start_server $one
    run -1 --separate-stderr timeout 10 "$BUILD/$one" -p "$PORT"
    says "one-at-a-time: bind: Address already in use (EADDRINUSE): 127.0.0.1:$PORT"
    LISTEN='-p 0 -b ::1' start_server $one
    run -1 --separate-stderr timeout 10 "$BUILD/$one" -b ::1 -p "$PORT"
    says "one-at-a-time: bind: Address already in use (EADDRINUSE): [::1]:$PORT"
}

@test "a port can be taken again at once, though connections of its last server linger" {
    start_server $one
    exec 8<>"/dev/tcp/127.0.0.1/$PORT" # stays open: the server closes first
    echo hello >&8
    read -r line <&8
    [ "$line" = hello ]
    stop_server
    LISTEN="-p $PORT" start_server $one
}

@test "an address that is none, or not of this machine, is refused with one line and status 1" {
    run -1 --separate-stderr timeout 10 "$BUILD/$one" -b 127.0.0.1.1 -p 7
    says 'one-at-a-time: getaddrinfo: Name or service not known: 127.0.0.1.1:7'
    run -1 --separate-stderr timeout 10 "$BUILD/$one" -b 192.0.2.1 -p 7
    says 'one-at-a-time: bind: Cannot assign requested address (EADDRNOTAVAIL): 192.0.2.1:7'
}

@test "a server that cannot announce itself does not run" {
    run -1 --separate-stderr timeout 10 sh -c '"$1" -p 0 >/dev/full' sh "$BUILD/$one"
    says 'one-at-a-time: write: No space left on device (ENOSPC): stdout'
}

@test "a server raises its descriptor limit as far as it may" {
    local soft hard
    ulimit -Sn 100
    start_server $one
    read -r _ _ _ soft hard _ < <(grep '^Max open files' "/proc/$SERVER/limits")
    [[ $soft = "$hard" ]] || ((soft == 1 << 20))
}

@test "tcp_connect goes on to the next address, and names the last one that refused" {
    compile client <<'END'
#include "args.h"
#include "net.h"
#include <stdio.h>
int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "HOST PORT"), text[ADDRESS_TEXT];
    int fd = tcp_connect(operands[0], operands[1]);
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;

    if (getpeername(fd, (struct sockaddr *)&addr, &len) == 0)
        puts(address_text((struct sockaddr *)&addr, len, text));
    return 0;
}
END
    cd "$BATS_TEST_TMPDIR"
    start_server $one
    [ "$(./client 127.0.0.1 "$PORT")" = "127.0.0.1:$PORT" ]
    [ "$(./client localhost "$PORT")" = "127.0.0.1:$PORT" ]
    stop_server
    run -1 --separate-stderr ./client 127.0.0.1 "$PORT"
    says "client: connect: Connection refused (ECONNREFUSED): 127.0.0.1:$PORT"
    LISTEN='-p 0 -b ::1' start_server $one
    [ "$(./client ::1 "$PORT")" = "[::1]:$PORT" ]
    if getent ahostsv6 localhost | grep -q '^::1 '; then # one of the two comes first
        [ "$(./client localhost "$PORT")" = "[::1]:$PORT" ]
    fi
    run -1 --separate-stderr ./client no.such.host.invalid 80
    [[ $stderr = 'client: getaddrinfo: '*': no.such.host.invalid:80' ]]
}

# ---- reads and writes ----

# compile_io: a program that takes the name of a case and prints what the calls of io.h have said.
compile_io() {
    compile io <<'END'
#include "clock.h"
#include "error.h"
#include "io.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *names[] = {"DATA", "END", "NOT_YET", "INTERRUPTED", "FAILED"};
static char bytes[3000000];
static volatile sig_atomic_t interruptions;

static void
on_alarm(int signal)
{
    (void)signal;
    interruptions++;
}

/* Every read() and write() that sleeps is interrupted within 5 ms, again and again. */
static void
interrupt_all(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 5000}, {0, 5000}};

    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &often, NULL), "setitimer");
}

static void
show_results(void)
{
    int errors[] = {EINTR, EAGAIN, EWOULDBLOCK, ECONNRESET, EPIPE, EBADF};

    printf("%s %s", names[io_result(1)], names[io_result(0)]);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        errno = errors[i];
        printf(" %s", names[io_result(-1)]);
    }
    printf("\n");
}

/* The other end takes, or gives, a little every 10 ms. */
static void
slow_other_end(int fd, bool reads)
{
    size_t got, step = sizeof bytes / 20;
    char *copy = malloc(sizeof bytes);

    for (size_t i = 0; copy && i < sizeof bytes; i += step) {
        sleep_ms(10);
        if ((reads ? read_exactly(fd, copy + i, step, &got) : write_all(fd, bytes + i, step)) !=
            IO_DATA)
            exit(3);
    }
    exit(reads && memcmp(copy, bytes, sizeof bytes) != 0);
}

static void
say(enum io_result result)
{
    printf("%s ", names[result]);
}

static void
finish_the_job(int pair[2], const char *what)
{
    static char copy[sizeof bytes];
    bool writes = strcmp(what, "write") == 0;
    size_t got = sizeof bytes;
    int status;
    pid_t child = check(fork(), "fork");

    if (child == 0)
        slow_other_end(pair[1], writes);
    interrupt_all();
    say(writes ? write_all(pair[0], bytes, sizeof bytes)
               : read_exactly(pair[0], copy, sizeof bytes, &got));
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    shutdown(pair[0], SHUT_RDWR); /* the other end is not to wait for ever */
    check(waitpid(child, &status, 0), "waitpid");
    if (!writes && memcmp(copy, bytes, sizeof bytes) != 0)
        printf("wrong ");
    printf("%zu, other end %d%s\n", got, status, interruptions > 0 ? ", interrupted" : "");
}

static void
nothing_more(int pair[2])
{
    size_t got = 99;

    say(write_all(pair[0], "", 0));
    say(read_exactly(pair[0], bytes, 0, &got));
    printf("%zu, ", got);
    set_nonblocking(pair[0]);
    say(write_all(pair[0], bytes, sizeof bytes));
    check((int)write(pair[1], "hello", 5), "write");
    say(read_exactly(pair[0], bytes, 6, &got));
    printf("%zu, ", got);
    check((int)write(pair[1], "you", 3), "write");
    shutdown(pair[1], SHUT_WR);
    say(read_exactly(pair[0], bytes, 6, &got));
    printf("%zu, ", got);
    close(pair[1]);
    say(write_all(pair[0], bytes, 1));
    printf("%s, ", errno_name(errno));
    say(read_exactly(pair[0], bytes, 6, &got));
    printf("%s %zu\n", errno_name(errno), got);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int pair[2];

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 251);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    if (strcmp(what, "results") == 0)
        show_results();
    else if (strcmp(what, "nothing") == 0)
        nothing_more(pair);
    else
        finish_the_job(pair, what);
    return 0;
}
END
}

@test "io_result names what one read or write has said" {
    compile_io
    [ "$(timeout 60 "$BATS_TEST_TMPDIR/io" results)" = \
        'DATA END INTERRUPTED NOT_YET NOT_YET FAILED FAILED FAILED' ]
}

@test "write_all and read_exactly finish the job in spite of short calls and EINTR" {
    compile_io
    [ "$(timeout 60 "$BATS_TEST_TMPDIR/io" write)" = 'DATA 3000000, other end 0, interrupted' ]
    [ "$(timeout 60 "$BATS_TEST_TMPDIR/io" read)" = 'DATA 3000000, other end 0, interrupted' ]
}

@test "write_all and read_exactly tell why they stopped half way, and how far they came" {
    compile_io
    # Nothing to do; a full buffer, and 5 of 6 bytes; the end after 3; the other end closed with
    # bytes unread, which breaks the connection.
    [ "$(timeout 60 "$BATS_TEST_TMPDIR/io" nothing)" = \
        'DATA DATA 0, NOT_YET NOT_YET 5, END 3, FAILED EPIPE, FAILED ECONNRESET 0' ]
}

# ---- time ----

@test "sleep_ms sleeps its time though signals come, and now_ns only goes forward" {
    compile clock <<'END'
#include "clock.h"
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static void
on_alarm(int signal)
{
    (void)signal;
}

int
main(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 3000}, {0, 3000}};
    int64_t before = now_ns(), last = before, now;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    sleep_ms(100);
    printf("%s ", now_ns() - before >= 100 * NS_PER_MS ? "slept" : "woke too early");
    for (int i = 0; i < 100000; i++, last = now)
        if ((now = now_ns()) < last)
            return 1;
    puts("forward");
    return 0;
}
END
    [ "$("$BATS_TEST_TMPDIR/clock")" = 'slept forward' ]
}

# ---- stopping ----

@test "SIGTERM and SIGINT end an idle server with status 0" {
    start_server $one
    poll_until 5 is_asleep "$SERVER"
    stop_server TERM
    start_server $one
    poll_until 5 is_asleep "$SERVER"
    stop_server INT
}

# conversation: opens descriptor 8, a connection that the server has begun to serve.
conversation() {
    local line
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    echo hello >&8
    read -r line <&8
    [ "$line" = hello ]
}

@test "a silent peer does not keep a server from stopping" {
    for signal in TERM INT; do
        start_server $one
        conversation
        poll_until 5 is_asleep "$SERVER"
        stop_server $signal
    done
}

is_stopped() {
    local FIELDS
    process_fields "$1" && [[ ${FIELDS[0]} = T ]]
}

@test "what is owed when the signal comes is still sent" {
    local line
    start_server $one
    conversation
    kill -STOP "$SERVER"
    poll_until 5 is_stopped "$SERVER"
    echo "this is owed" >&8
    kill -TERM "$SERVER"
    kill -CONT "$SERVER"
    read -r line <&8
    [ "$line" = "this is owed" ]
    run -1 read -r line <&8 # the end
    poll_until 5 gone "$SERVER"
    wait "$SERVER"
}

@test "a peer that never reads keeps a server from stopping for no more than a second" {
    start_server tests/misbehave -w greets # which writes until it cannot
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    stop_server
}

@test "a server told to stop again and again is not slower to stop" {
    tell_again() { kill "$SERVER" 2>/dev/null || return 0; gone "$SERVER"; }
    start_server tests/misbehave -w greets
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    poll_until 5 tell_again
    wait "$SERVER"
}

@test "many connections that wait to be accepted do not keep a server from stopping" {
    start_server $one
    exec 9< <("$BUILD/tests/talk" -v -p "$PORT" 3>&- 4>&- <<<'A*1000 connect
        A send "hello\n"
        B connect
        all silent 60000ms
        all recv "x"' 2>/dev/null)
    read -ru 9 _
    read -ru 9 _
    read -ru 9 _
    stop_server
    exec 9<&-
}

@test "a signal is not lost, at whatever moment around accept it comes: 1,000 times" {
    if with_tsan; then skip "TSan keeps a signal back, and so may bring it late itself"; fi
    compile race <<'END'
#include "clock.h"
#include "error.h"
#include "net.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* SIGTERM or SIGINT comes to this process in `ns` nanoseconds. */
static void
send_signal_in(long ns, int signal)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
    struct itimerspec once = {.it_value.tv_nsec = ns};
    timer_t timer;

    check(timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create");
    check(timer_settime(timer, 0, &once, NULL), "timer_settime");
}

/* Nobody but the signal ends this: its peer, if there is one, is silent and never closes. */
static void
serve(int round)
{
    int listener = tcp_listen("127.0.0.1", "0"), peer;
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char c;

    check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl"); /* lost, it would stay for ever */
    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    if (round % 2)
        check(connect(check(socket(AF_INET, SOCK_STREAM, 0), "socket"), (struct sockaddr *)&addr,
                      len),
              "connect");
    stop_on_signals(listener);
    send_signal_in(20000, round % 3 ? SIGTERM : SIGINT);
    for (int64_t until = now_ns() + rand() % 100000; now_ns() < until;)
        ; /* it may come before accept(), into it, between it and read(), and after all that */
    while ((peer = next_peer(listener)) >= 0)
        while (read(peer, &c, 1) == -1) /* the signal came first */
            ;
    exit(0);
}

/* A signal that was lost is made up for by the alarm a second later. A machine may be slow, too. */
int
main(void)
{
    int slow = 0;

    for (int round = 0; round < 1000 && slow < 4; round++) {
        int64_t began = now_ns();
        int status;
        pid_t child = check(fork(), "fork");

        srand((unsigned)round);
        if (child == 0)
            serve(round);
        alarm(30); /* which ends this program */
        check(waitpid(child, &status, 0), "waitpid");
        if (status != 0) {
            printf("round %d ended with status %d\n", round, status);
            return 1;
        }
        if (now_ns() - began > 900 * NS_PER_MS)
            printf("round %d lost the signal, number %d\n", round, ++slow);
    }
    return slow == 4;
}
END
    "$BATS_TEST_TMPDIR/race"
}

# ---- peers that fail ----

@test "a peer that is gone or resets, also while it is written to, does not end a server" {
    start_server $one
    talk <<<'A connect
             A reset
             B connect
             B send "hello"
             B reset
             C connect
             C fill
             C reset'
    # One that closes while its bytes are waiting: the second write() to it is a broken pipe.
    kill -STOP "$SERVER"
    poll_until 5 is_stopped "$SERVER"
    talk <<<'D connect
             D send "x" * 50000
             D close'
    kill -CONT "$SERVER"
    talk <<<'E connect
             E echo "still there?"'
    stop_server
}

# raise_limit N: so many descriptors may the server have from now on.
raise_limit() {
    prlimit --pid "$SERVER" --nofile="$1:"
}

@test "a server without free descriptors waits without using the CPU, and goes on when it can" {
    local said=$BATS_TEST_TMPDIR/said before after player
    start_server $one
    raise_limit "$(descriptor_count "$SERVER")"
    # The accept() that A meets has had its descriptor since before.
    "$BUILD/tests/talk" -v -p "$PORT" >"$said" 2>&1 3>&- 4>&- <<<'A connect
        A echo "hello\n"
        B connect
        A close
        B send "hello\n"
        B silent 1000ms
        B recv "hello\n"' &
    player=$!
    poll_until 10 grep -q 'send.*ok' "$said"
    before=$(cpu_ms "$SERVER")
    poll_until 20 grep -q 'silent.*ok' "$said"
    after=$(cpu_ms "$SERVER")
    raise_limit 100
    wait "$player" || cat "$said"
    echo "CPU time used in a second of waiting: $((after - before)) ms"
    ((after - before <= 100))
    grep -q 'recv.*ok' "$said"
    stop_server
}

# ---- the code ----

@test "the core is less than 400 lines of code" {
    local part code
    code=$(for part in $core; do cat "$TOP/lib/$part.h" "$TOP/lib/$part.c"; done | awk '
        { gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "") }            # a comment within the line
        in_comment { if (!sub(/.*\*\//, "")) next; in_comment = 0 }
        sub(/\/\*.*/, "") { in_comment = 1 }
        NF { n++ }
        END { print n }')
    echo "it has $code"
    ((code > 300 && code < 400))
}

@test "each header of lib/ compiles alone, and twice" {
    local header name
    for header in "$TOP"/lib/*.h; do
        name=${header##*/}
        # shellcheck disable=SC2086 # COMPILE is a command with its options
        printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$name" "$name" |
            (cd "$TOP" && $COMPILE -x c -fsyntax-only -)
    done
}

@test "lib/ includes nothing from chapters/" {
    run -1 grep -nE '#include "(\.\.|.*/)' "$TOP"/lib/*.[ch] "$TOP"/lib/tools/*.c
}

# ---- the helpers of tests ----

# fails COMMAND...: as `run -1`, but in this shell: only the parent can wait for a server.
fails() {
    if "$@" >"$BATS_TEST_TMPDIR/said" 2>&1; then
        echo "it did not fail: $*"
        return 1
    fi
    output=$(<"$BATS_TEST_TMPDIR/said")
}

@test "poll_until runs its command until it succeeds, and says in the end what it waited for" {
    local n=0
    third_time() { ((++n == 3)); }
    poll_until 5 third_time
    ((n == 3))
    MICROSECONDS=50000
    run -1 poll_until 1 test -e "$BATS_TEST_TMPDIR/nothing"
    [ "$output" = "waited 1 s x $TIME_SCALE in vain for: test -e $BATS_TEST_TMPDIR/nothing" ]
}

@test "TIME_SCALE may be a fraction" {
    ((MICROSECONDS > 0))
    TIME_SCALE=1.5
    # shellcheck source=/dev/null
    source "$TOP/tests/lib/servers.bash"
    ((MICROSECONDS == 1500000))
    LC_ALL=C.UTF-8 poll_until 1 true
}

@test "start_server fails, and tells why, when the server ends before it listens" {
    start_server $one
    LISTEN="-p $PORT" fails start_server $one
    [[ $output = *"$one ended, with status 1, before it said where it listens"* ]]
    [[ $output = *"on stderr: one-at-a-time: bind: Address already in use"* ]]
    fails start_server /no/such/program
    [[ $output = *"ended, with status 127"*"No such file"* ]]
}

@test "start_server fails when the first line is not the announcement, or not whole" {
    local name
    script chatters <<<'#!/bin/sh
        echo "hello, I am listening on 127.0.0.1:80"; exec tail -f /dev/null'
    script stutters <<<'#!/bin/sh
        printf "listening on 127.0.0.1:80"; exec tail -f /dev/null'
    for name in chatters stutters; do
        for MICROSECONDS in 30000 200000 1000000; do # until it has had time to say that
            fails start_server "$BATS_TEST_TMPDIR/$name"
            [[ $output != *"listening on 127.0.0.1:80"* ]] || break
        done
        [[ $output = "waited "*"on stdout: "*"listening on 127.0.0.1:80"* ]]
    done
}

@test "a server gets stdin, stdout and stderr, and no other descriptor of the test" {
    exec 8</dev/null 19</dev/null
    poll_until 1 true
    start_server $one
    [ "$(descriptor_count "$SERVER")" = 4 ] # these three and its listener
    descriptors_are "$SERVER" 4
    run -1 descriptors_are "$SERVER" 5
    exec 8<>"/dev/tcp/$ADDRESS/$PORT"
    poll_until 5 descriptors_are "$SERVER" 5
    stop_server
    run -1 descriptor_count "$SERVER"
}

@test "a server knows nothing of make, and ignores no signal that its test ignores" {
    local ignored
    script waits <<<'#!/bin/sh
        echo "listening on 127.0.0.1:80"; exec tail -f /dev/null'
    export MAKEFLAGS=j MAKELEVEL=1
    # shellcheck source=/dev/null
    source "$TOP/tests/lib/servers.bash"
    trap '' QUIT PIPE
    start_server "$BATS_TEST_TMPDIR/waits"
    run -1 grep -az '^MAKE' "/proc/$SERVER/environ"
    ignored=$(awk '/^SigIgn/ { print $2 }' "/proc/$SERVER/status")
    (((0x$ignored & 0x7fffffff) == 0)) # 32 and 33 are glibc's own: posix_spawn(3) ignores them
}

@test "stop_server fails when the server had ended by itself" {
    script ends <<<'#!/bin/sh
        echo "listening on 127.0.0.1:80"; exit 0'
    start_server "$BATS_TEST_TMPDIR/ends"
    poll_until 5 gone "$SERVER"
    fails stop_server
    [ "$output" = "the server had ended by itself, with status 0" ]
}

@test "stop_server fails when the server ends with another status than 0" {
    script fails <<<'#!/bin/sh
        trap "exit 3" TERM; echo "listening on 127.0.0.1:80"; while :; do sleep 0.01; done'
    start_server "$BATS_TEST_TMPDIR/fails"
    fails stop_server
    [ "$output" = "the server ended with status 3 instead of 0 on SIGTERM" ]
    start_server "$BATS_TEST_TMPDIR/fails"
    fails stop_server HUP
    [[ $output = *"the server ended with status 129 instead of 0 on SIGHUP" ]]
}

@test "stop_server fails when the server does not end" {
    script stays <<<'#!/bin/sh
        trap "" TERM; echo "listening on 127.0.0.1:80"; exec tail -f /dev/null'
    start_server "$BATS_TEST_TMPDIR/stays"
    MICROSECONDS=30000
    fails stop_server
    [[ $output = *"the server does not end on SIGTERM" ]]
}

@test "stop_server fails when the server leaves a child, also one in a process group of its own" {
    local child
    script parent <<<'#!/bin/bash
        set -m # each job becomes a process group
        tail -f /dev/null &
        echo $! >"$0.child"
        trap "exit 0" TERM
        echo "listening on 127.0.0.1:80"
        wait'
    start_server "$BATS_TEST_TMPDIR/parent"
    child=$(<"$BATS_TEST_TMPDIR/parent.child")
    fails stop_server
    [[ $output = "the server left processes behind:"*"$child "* ]]
    run -1 gone "$child"
    end_servers
    poll_until 5 gone "$child"
}

@test "a failing test shows the stderr of its servers" {
    script speaks <<<'#!/bin/sh
        echo "something is wrong here" >&2; echo "listening on 127.0.0.1:80"; exec tail -f /dev/null'
    start_server "$BATS_TEST_TMPDIR/speaks"
    BATS_TEST_COMPLETED='' run end_servers
    [ "$output" = $'stderr of the server:\nsomething is wrong here' ]
    BATS_TEST_COMPLETED=1 run end_servers
    [ -z "$output" ]
}

@test "gone is true of no process and of a zombie, but not while a thread of it lives" {
    compile threads <<'END'
#include "clock.h"
#include <pthread.h>
#include <stdio.h>

static void *
stay(void *unused)
{
    sleep_ms(100000);
    return unused;
}

int
main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, stay, NULL) != 0)
        return 1;
    puts("listening on 127.0.0.1:80");
    fflush(stdout);
    pthread_exit(NULL);
}
END
    start_server "$BATS_TEST_TMPDIR/threads"
    is_zombie() { [[ $(awk '/^State/ { print $2 }' "/proc/$SERVER/status") = Z ]]; }
    poll_until 5 is_zombie
    run -1 gone "$SERVER"
    kill -KILL "$SERVER"
    poll_until 5 gone "$SERVER"
    gone 4194305 # more than there can be
}

@test "cpu_ms counts children, living and reaped; thread_count counts threads" {
    compile tree <<'END'
#include "clock.h"
#include "error.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
work_100_ms(void)
{
    while (clock() < CLOCKS_PER_SEC / 10)
        ;
}

static void *
stay(void *unused)
{
    sleep_ms(100000);
    return unused;
}

int
main(void)
{
    int ready[2];
    char c;
    pthread_t thread;

    check(pipe(ready), "pipe");
    if (check(fork(), "fork") == 0) { /* a child that ends, and is reaped */
        work_100_ms();
        _exit(0);
    }
    wait(NULL);
    if (check(fork(), "fork") == 0) { /* a child that lives, with a child */
        if (check(fork(), "fork") == 0) {
            work_100_ms();
            check((int)write(ready[1], "x", 1), "write");
        }
        sleep_ms(100000);
        _exit(0);
    }
    if (pthread_create(&thread, NULL, stay, NULL) != 0 || read(ready[0], &c, 1) != 1)
        return 1;
    puts("listening on 127.0.0.1:80");
    fflush(stdout);
    stay(NULL);
    return 0;
}
END
    local used
    start_server "$BATS_TEST_TMPDIR/tree"
    used=$(cpu_ms "$SERVER")
    echo "used $used ms"
    ((used >= 180 && used < 1000))
    [ "$(process_tree "$SERVER" | wc -l)" = 3 ]
    ((BATS_TEST_NUMBER > 0 && $(thread_count "$SERVER") >= 2))
}
