# lib/watch: TRACE, COUNT and FAULTS on programs that have not a line for them
load lib/servers
teardown() { end_servers; }

# Every line between the brackets is one entry, so a shell can take a trace apart. If jq is there,
# it is asked as well whether this is JSON.
valid() {
    awk 'NR == 1 { if ($0 != "[") exit 1; next }
         $0 == "]" { closed = NR; next }
         $0 == "" && NR == 2 { next }
         { if (closed || $0 !~ /^\{"ph":"[XM]","pid":[0-9]+,"tid":[0-9]+,.*\},?$/) exit 1
           if (last != "" && last !~ /,$/) exit 1
           last = $0 }
         END { exit !(closed == NR && last !~ /,$/) }' "$1" || {
        echo "not a valid trace:"
        tail -n 3 "$1"
        return 1
    }
    if command -v jq >/dev/null; then
        jq empty "$1"
    fi
}

# events NAME [PATTERN]: how many events of that name there are whose line matches.
events() {
    grep '"ph":"X"' "$trace" | grep "\"name\":\"$1\"" | grep -c -- "${2:-}" || true
}

setup() {
    note_own_lines
    trace=$BATS_TEST_TMPDIR/trace.json
}

@test "without TRACE, COUNT or FAULTS a program says and writes nothing of it" {
    start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A echo "hello\n"'
    stop_server
    [ ! -s "$SERVER_ERR" ]
    [ ! -e "$trace" ]
}

@test "a trace says which call waited, on what, for how long, and with what result" {
    TRACE=$trace start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A silent 200ms
             A send "hello\n"
             A recv "hello\n"
             A close'
    stop_server
    valid "$trace"
    [ "$(events accept '"cat":"wait".*"result":4')" = 1 ]
    [ "$(events read '"cat":"wait".*"fd":4,"result":6,"errno":""')" = 1 ]
    [ "$(events read '"result":0')" = 1 ]
    [ "$(events write '"cat":"work".*"result":6')" = 1 ]
    # The read() that brought the 6 bytes lasted at least the 200 ms of silence: 6 digits of µs.
    [ "$(events read '"dur":[0-9]\{6,\}\.[0-9]*,"cat":"wait".*"result":6')" = 1 ]
    grep -q '"name":"process_name","args":{"name":"one-at-a-time"}' "$trace"
}

@test "the processes of a server write to one trace, each under its own pid" {
    TRACE=$trace start_server 11-models/process-per-connection
    talk <<<'A connect
             B connect
             A echo "a"
             B echo "b"
             A close
             B close'
    stop_server
    valid "$trace"
    [ "$(events fork '"result":[1-9]')" = 2 ]
    [ "$(grep '"name":"read"' "$trace" | grep -o '"pid":[0-9]*' | sort -u | wc -l)" = 2 ]
}

@test "the threads of a server have lanes of their own in its trace" {
    TRACE=$trace start_server 11-models/thread-per-connection
    talk <<<'A connect
             B connect
             A echo "a"
             B echo "b"
             A close
             B close'
    stop_server
    valid "$trace"
    [ "$(grep '"name":"read"' "$trace" | grep -o '"tid":[0-9]*' | sort -u | wc -l)" = 2 ]
    [ "$(grep '"ph":"X"' "$trace" | grep -o '"pid":[0-9]*' | sort -u | wc -l)" = 1 ]
}

@test "a trace is valid while it is written, and after SIGKILL" {
    local i
    has_read() { (($(events read) > 100)); }
    TRACE=$trace start_server 11-models/process-per-connection
    talk >/dev/null 2>&1 3>&- 4>&- <<<'A*10 connect
                                       A send-slowly "x" * 100000' &
    for i in {1..10}; do
        flock -s "$trace" cp "$trace" "$trace.$i"
        valid "$trace.$i"
    done
    poll_until 20 has_read
    kill -KILL -- "-$SERVER"
    wait $! || true # its connections are broken
    valid "$trace"
    has_read
}

@test "after 50,000 events a process says so, once, and goes on without a trace" {
    TRACE=$trace FAULTS=read:one start_server 01-blocking/one-at-a-time
    TIME_SCALE=10 talk <<<'A connect
             A echo "x" * 30000'
    stop_server
    valid "$trace"
    [ "$(events '[a-z_0-9]*')" = 50000 ]
    [ "$(grep -c 'TRACE: 50000 events of this process are recorded' "$SERVER_ERR")" = 1 ]
}

@test "COUNT=1 prints calls, EAGAINs, EINTRs and bytes at exit" {
    COUNT=1 start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A echo "hello\n"
             A close'
    stop_server
    cat "$SERVER_ERR"
    grep -Eq '^  read +2 +0 +0 +6$' "$SERVER_ERR"
    grep -Eq '^  write +1 +0 +0 +6$' "$SERVER_ERR"
}

@test "a fault hits exactly the calls that are named" {
    COUNT=1 FAULTS=read:EINTR@1-2,write:one@2-3 start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A echo "hello\n"
             A echo "hello\n"
             A close'
    stop_server
    cat "$SERVER_ERR"
    grep -Eq '^  read +5 +0 +2 +12$' "$SERVER_ERR" # EINTR EINTR 6 6 0
    grep -Eq '^  write +4 +0 +0 +12$' "$SERVER_ERR" # 6 1 1 4
}

@test "EINTR without numbers hits every other call, so a program that tries again goes on" {
    COUNT=1 FAULTS=read:EINTR,write:short start_server 01-blocking/one-at-a-time
    talk <<<'A connect
             A echo "hello\n"
             A close'
    stop_server
    grep -Eq '^  read +4 +0 +2 +6$' "$SERVER_ERR"
    grep -Eq '^  write +4 +0 +0 +6$' "$SERVER_ERR" # 3, half of the other 3, half of 2, 1
}

@test "faults are counted anew in each process" {
    FAULTS=read:ECONNRESET@2 start_server 11-models/process-per-connection
    talk <<<'A connect
             A echo "a"
             A end
             B connect
             B echo "b"
             B end'
    stop_server
}

@test "a plan that cannot be read ends the program with status 2 and the reason" {
    local plan
    for plan in read read: :EINTR read:EINTR@ read:EINTR@0 read:EINTR@3-2 read:EINTR@2x read:EFOO \
        foo:EINTR accept:short close:EINTR pthread_mutex_lock:EINTR recvmsg:one 'read:EINTR;'; do
        run -2 env FAULTS="$plan" "$BUILD/01-blocking/one-at-a-time" -p 0
        echo "$plan: $output"
        [ "${#lines[@]}" = 1 ]
        [[ $output = "one-at-a-time: FAULTS: "*"'$plan'" ]]
    done
}

@test "a trace that cannot be opened ends the program with status 1 and the reason" {
    run -1 env TRACE=/nonexistent/trace.json "$BUILD/01-blocking/one-at-a-time" -p 0
    [ "$output" = "one-at-a-time: TRACE: open: No such file or directory (ENOENT): /nonexistent/trace.json" ]
}

@test "every call that lib/watch knows is given to the linker, and no other" {
    local known given
    known=$(sed -n '/^#define CALLS/,/[^\\]$/p' "$TOP/lib/watch_inside.h" | grep -o 'X([a-z0-9_]*)' | tr -d 'X()' | sort)
    given=$(sed 's/-Wl,--wrap=//' "$TOP/lib/watch.link" | grep -v '^_exit$' | sort)
    [ "$known" = "$given" ]
    [ "$(wc -l <<<"$known")" -gt 30 ]
}

# ---- the reader's own programs ----

load lib/compile

# two_threads: a program that nobody has written for this book: one thread waits for the other.
two_threads() {
    compile two-threads <<'END'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2];

/* The state of the first thread; see proc(5). */
static char
state_of_listener(void)
{
    char state = '?';
    FILE *stat = fopen("/proc/self/stat", "r");

    if (stat) {
        if (fscanf(stat, "%*d %*s %c", &state) != 1)
            state = '?';
        fclose(stat);
    }
    return state;
}

static void *
speak(void *unused)
{
    pthread_setname_np(pthread_self(), "speaker");
    while (state_of_listener() != 'S')
        usleep(1000);
    usleep(50000);
    return write(ends[1], "x", 1) == 1 ? unused : NULL;
}

int
main(void)
{
    pthread_t speaker;
    char c;

    if (pipe(ends) == -1 || pthread_create(&speaker, NULL, speak, NULL) != 0)
        return 1;
    pthread_setname_np(pthread_self(), "listener");
    return read(ends[0], &c, 1) != 1 || pthread_join(speaker, NULL) != 0;
}
END
}

@test "a thread's name stands in the trace, and in the lanes that timeline draws" {
    two_threads
    TRACE=$trace run -0 "$BATS_TEST_TMPDIR/two-threads"
    valid "$trace"
    grep -q '"name":"thread_name","args":{"name":"listener"}' "$trace"
    run -0 "$BUILD/lib/timeline" --text "$trace"
    [[ ${lines[0]} = "listener "*read*"." || ${lines[0]} = "listener "*read*"#" ]]
    [[ $output = *$'\n'"speaker "*"#"* ]]
}

# under COMPILER SANITIZER [COMMAND...]: the same program, built like that, is traced and counted.
under() {
    two_threads
    cd "$TOP" || return
    # shellcheck disable=SC2086 # WATCH is several words
    "$1" -std=c11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -fno-lto -g "-fsanitize=$2" -Ilib -pthread \
        -o "$BATS_TEST_TMPDIR/sanitized" "$BATS_TEST_TMPDIR/two-threads.c" \
        lib/watch*.c lib/clock.c lib/error.c $WATCH
    shift 2
    TRACE=$trace COUNT=1 FAULTS=read:EINTR@7 run -0 "$@" "$BATS_TEST_TMPDIR/sanitized"
    echo "$output"
    [[ $output = *" read "* && $output != *WARNING* && $output != *ERROR* ]]
    valid "$trace"
    [ "$(events read '"cat":"wait"')" = 1 ]
}

@test "TRACE, COUNT and FAULTS work under AddressSanitizer and UndefinedBehaviorSanitizer" {
    under gcc address,undefined
}

@test "TRACE, COUNT and FAULTS work under ThreadSanitizer" {
    command -v clang >/dev/null || skip "clang is not there"
    under clang thread setarch -R
}

@test "syscall() with fewer than six arguments is passed on, under AddressSanitizer too" {
    cat >"$BATS_TEST_TMPDIR/fewer.c" <<'END'
#include <sys/syscall.h>
#include <unistd.h>

int
main(void)
{
    volatile char beside[3] = {1}; /* what is passed on the stack would lie just below it */

    return syscall(SYS_getpid) != getpid() || beside[0] != 1;
}
END
    # shellcheck disable=SC2086 # WATCH is several words
    (cd "$TOP" && gcc -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=address -Ilib -pthread \
        -o "$BATS_TEST_TMPDIR/fewer" "$BATS_TEST_TMPDIR/fewer.c" \
        lib/watch*.c lib/clock.c lib/error.c $WATCH)
    run -0 "$BATS_TEST_TMPDIR/fewer"
    COUNT=1 run -0 "$BATS_TEST_TMPDIR/fewer"
}

# ---- where the trace cannot be written ----

@test "a file that is no trace is not written to" {
    echo "my notes" >"$trace"
    run -1 env TRACE="$trace" "$BUILD/01-blocking/one-at-a-time" -p 0
    [ "$output" = "one-at-a-time: TRACE: open: File exists (EEXIST): $trace" ]
    [ "$(<"$trace")" = "my notes" ]
    run -1 env TRACE="$BATS_TEST_TMPDIR" "$BUILD/01-blocking/one-at-a-time" -p 0
    [[ $output = "one-at-a-time: TRACE: open: Is a directory (EISDIR): "* ]]
    run -1 env TRACE=/dev/full "$BUILD/01-blocking/one-at-a-time" -p 0
    [ "$output" = "one-at-a-time: TRACE: open: No space left on device (ENOSPC): /dev/full" ]
}

@test "when the disk is full the trace stays valid, the program goes on, and says so once" {
    cat >"$BATS_TEST_TMPDIR/small-disk" <<'END'
#!/bin/bash
ulimit -f 10 # kB that a file may have; without the signal a write says EFBIG, or is short
trap '' XFSZ
exec "$@"
END
    chmod +x "$BATS_TEST_TMPDIR/small-disk"
    LISTEN="$BUILD/01-blocking/one-at-a-time -p 0" TRACE=$trace FAULTS=read:one \
        start_server "$BATS_TEST_TMPDIR/small-disk"
    talk <<<'A connect
             A echo "x" * 3000
             A close'
    stop_server
    cat "$SERVER_ERR"
    [ "$(grep -c 'TRACE: write: ' "$SERVER_ERR")" = 1 ]
    valid "$trace"
    [ "$(events read)" -gt 10 ]
    [ "$(wc -c <"$trace")" -le 10240 ]
}

@test "a process without a descriptor left goes on, and traces again when it has one" {
    compile hoard <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
    int fds[5000], n = 0;
    char c;

    for (int i = 0; i < 5000; i++)
        if ((fds[n] = open("/dev/null", O_RDONLY)) != -1)
            n++;
    for (int i = 0; i < 1000; i++)
        if (read(fds[0], &c, 1) != 0)
            return 1;
    while (n > 0)
        close(fds[--n]);
    return 0;
}
END
    ulimit -n 100
    TRACE=$trace run -0 "$BATS_TEST_TMPDIR/hoard"
    valid "$trace"
    [ "$(events close '"result":0')" -gt 50 ]
}
