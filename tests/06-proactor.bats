# 06-proactor.bats - io_uring: the ring of lib/, the servers on it, and what goes wrong with one
#
# What glibc's AIO and the simulated Proactor do is tested in 06-aio.bats.
# shellcheck disable=SC2153 # start_server sets SERVER
load lib/servers
load lib/compile
teardown() { end_servers; }

here=06-proactor
uring=(uring-echo uring-multishot)

setup() {
    "$BUILD/lib/probe" 2>/dev/null || skip "the kernel gives this process no io_uring"
}

# meet: opens a connection as descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

leave() {
    exec {PEER}>&-
}

# counted WORD COLUMN: a number of what COUNT=1 has told on the server's stderr.
counted() {
    awk -v word="$1" -v column="$2" '$1 == word { sum += $column } END { print sum + 0 }' "$SERVER_ERR"
}

# ---- the ring of lib/ ----

# compile_ring: `ring CASE` prints what was told.
compile_ring() {
    [[ ! -e $BATS_FILE_TMPDIR/ring ]] || return 0
    compile ring <<'END_OF_C'
#include "error.h"
#include "ring.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
enum { MANY = 5000 };
static struct ring *r;
static struct ring_buffers *buffers;
static int told, last, ends[2];
static struct operation also;
static void
do_nothing(int signal)
{
    (void)signal;
}
static const char *
name(int result)
{
    return result < 0 ? errno_name(-result) : "done";
}
static void
count(void *owner, int result, uint32_t flags)
{
    (void)owner, (void)flags;
    told++;
    last = result;
}
static void
say(void *owner, int result, uint32_t flags)
{
    printf("%s %s%s ", (const char *)owner, name(result), flags & IORING_CQE_F_MORE ? "+" : "");
}
static void
again(void *owner, int result, uint32_t flags)
{
    (void)result, (void)flags;
    if (++told < MANY)
        ring_prepare(r, IORING_OP_NOP, -1, owner);
}
static void
take_buffer(void *owner, int result, uint32_t flags)
{
    (void)owner;
    if (!(flags & IORING_CQE_F_BUFFER)) {
        printf("%s ", result ? errno_name(-result) : "end");
        return;
    }
    printf("%.*s%s ", result, ring_buffer(buffers, flags), flags & IORING_CQE_F_MORE ? "+" : "");
    if (result != 4)
        ring_give_back(buffers, ring_buffer(buffers, flags));
}
static void *
elsewhere(void *unused)
{
    ring_turn(r); /* the kernel refuses: see ring.h */
    return unused;
}
static struct io_uring_sqe *
receive(struct operation *who, int fd, char *buf, unsigned len)
{
    struct io_uring_sqe *sqe = ring_prepare(r, IORING_OP_RECV, fd, who);

    sqe->addr = (uintptr_t)buf;
    sqe->len = len;
    return sqe;
}
int
main(int argc, char **argv)
{
    const char *which = argv[argc - 1];
    struct operation counting = {count, NULL}, first = {say, "first"}, second = {say, "second"};
    char buf[16] = "";
    struct io_uring_sqe *sqe;

    r = ring_open(4);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    if (strcmp(which, "empty") == 0) {
        printf("%d", ring_turn(r));
    } else if (strcmp(which, "many") == 0) {
        for (int i = 0; i < MANY; i++)
            ring_prepare(r, IORING_OP_NOP, -1, &counting);
        ring_run(r);
        printf("%d", told);
    } else if (strcmp(which, "chain") == 0) {
        also = (struct operation){again, &also};
        ring_prepare(r, IORING_OP_NOP, -1, &also);
        ring_run(r);
        printf("%d", told);
    } else if (strcmp(which, "nobody") == 0) {
        ring_prepare(r, IORING_OP_NOP, -1, NULL);
        ring_prepare(r, IORING_OP_NOP, -1, &counting);
        ring_run(r);
        printf("%d", told);
    } else if (strcmp(which, "wrong") == 0) {
        ring_prepare(r, 255, -1, &first);
        receive(&second, 1000, buf, 1);
        ring_prepare(r, IORING_OP_NOP, -1, &first);
        ring_run(r);
    } else if (strcmp(which, "cancel") == 0) {
        receive(&first, ends[0], buf, sizeof buf);
        ring_prepare(r, IORING_OP_NOP, -1, &counting);
        ring_turn(r);
        ring_cancel(r, &first);
        ring_run(r);
    } else if (strcmp(which, "too-late") == 0) {
        ring_cancel(r, &second);
        ring_run(r);
        printf("%d", told);
    } else if (strcmp(which, "signal") == 0) {
        struct itimerval often = {{0, 50000}, {0, 50000}}, never = {0}; /* one finds us asleep */
        signal(SIGALRM, do_nothing);
        receive(&first, ends[0], buf, sizeof buf);
        setitimer(ITIMER_REAL, &often, NULL);
        printf("%d ", ring_turn(r)); /* enter says how many it took: 1 */
        printf("%d ", ring_turn(r)); /* and here EINTR, for it takes none */
        setitimer(ITIMER_REAL, &never, NULL);
        ring_cancel(r, &first);
        ring_run(r);
    } else if (strcmp(which, "nonblocking") == 0) {
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), "socketpair");
        receive(&first, ends[0], buf, sizeof buf);
        receive(&second, ends[0], buf, sizeof buf)->msg_flags = MSG_DONTWAIT;
        ring_turn(r);
        ring_cancel(r, &first);
        ring_run(r);
    } else if (strcmp(which, "close") == 0) {
        receive(&first, ends[0], buf, sizeof buf);
        ring_prepare(r, IORING_OP_NOP, -1, &counting);
        ring_turn(r);
        close(ends[0]);
        check((int)write(ends[1], "word", 4), "write");
        ring_run(r);
        printf("%s", buf);
    } else if (strcmp(which, "multishot") == 0) {
        also = (struct operation){take_buffer, NULL};
        buffers = ring_buffers_open(r, 7, 2, 8);
        sqe = receive(&also, ends[0], NULL, 0);
        sqe->ioprio = IORING_RECV_MULTISHOT;
        sqe->flags = IOSQE_BUFFER_SELECT;
        sqe->buf_group = 7;
        for (int i = 0; i < 6; i++) {
            check((int)write(ends[1], "12345678", i < 3 ? 3 : 4), "write");
            ring_turn(r);
        }
        ring_buffers_close(buffers);
    } else if (strcmp(which, "thread") == 0) {
        pthread_t thread;

        ring_prepare(r, IORING_OP_NOP, -1, &first);
        pthread_create(&thread, NULL, elsewhere, NULL);
        pthread_join(thread, NULL);
    }
    ring_close(r);
    return 0;
}
END_OF_C
    mv "$BATS_TEST_TMPDIR/ring" "$BATS_FILE_TMPDIR/ring"
}

# ring_says CASE TEXT
ring_says() {
    run -0 timeout $((10 * MICROSECONDS / 1000000 + 1)) "$BATS_FILE_TMPDIR/ring" "$1"
    [ "$output" = "$2" ] || {
        echo "$1: '$output' instead of '$2'"
        return 1
    }
}

@test "a ring ends when nothing is on the way" {
    compile_ring
    ring_says empty 0
}

@test "more requests than there are places, and more results, are all handed over and told" {
    compile_ring
    ring_says many 5000
    ring_says chain 5000
    ring_says nobody 1
}

@test "a request that makes no sense is answered so, and does not hold up those behind it" {
    compile_ring
    ring_says wrong "first EINVAL second EBADF first done "
}

@test "a cancelled request is told so, and to cancel what is not on the way does no harm" {
    compile_ring
    ring_says cancel "first ECANCELED "
    ring_says too-late 0
}

@test "a signal ends a turn, and the request stays on the way" {
    compile_ring
    ring_says signal "1 1 first ECANCELED "
}

@test "a request on a nonblocking descriptor waits all the same; with MSG_DONTWAIT it says EAGAIN" {
    compile_ring
    ring_says nonblocking "second EAGAIN first ECANCELED "
}

@test "to close a descriptor does not end what is on the way with it" {
    compile_ring
    ring_says close "first done word"
}

@test "one request takes buffers as long as there are some; then ENOBUFS, and no more of it" {
    compile_ring
    ring_says multishot "123+ 123+ 123+ 1234+ 1234+ ENOBUFS "
}

@test "a ring serves the thread that has opened it; the kernel refuses another" {
    compile_ring
    run -1 "$BATS_FILE_TMPDIR/ring" thread
    [[ $output = "ring: io_uring_enter: File exists (EEXIST)" ]]
}

@test "no result is lost when io_uring_enter() is interrupted, or short of memory or of room" {
    local plan
    compile_ring
    for plan in io_uring_enter:EINTR io_uring_enter:EAGAIN@1-20 io_uring_enter:EBUSY@5-9; do
        run -0 env FAULTS=$plan "$BATS_FILE_TMPDIR/ring" chain
        [ "$output" = 5000 ]
    done
}

# ---- where there is no io_uring ----

@test "where the kernel refuses, one line says why, and the status is 1" {
    local program
    for program in uring-echo uring-multishot in-any-order; do
        run -1 --separate-stderr env FAULTS=io_uring_setup:ENOSYS "$BUILD/$here/$program"
        [ "$output" = "" ]
        # shellcheck disable=SC2154 # run sets stderr
        [ "$stderr" = "$program: io_uring_setup: Function not implemented (ENOSYS): this kernel has no io_uring" ]
        run -1 --separate-stderr env FAULTS=io_uring_setup:EPERM "$BUILD/$here/$program"
        [[ $output = "" && $stderr = "$program: io_uring_setup: Operation not permitted (EPERM): forbidden by "* ]]
        run -1 --separate-stderr env FAULTS=io_uring_setup:EINVAL "$BUILD/$here/$program"
        [[ $output = "" && $stderr = *" (EINVAL): this kernel's io_uring is older than Linux 6.0" ]]
    done
    run -1 --separate-stderr env FAULTS=io_uring_setup:ENOSYS "$BUILD/$here/uring-hello" /dev/null
    [ "$stderr" = "uring-hello: io_uring_setup: Function not implemented (ENOSYS)" ]
}

@test "a seccomp filter that forbids io_uring is named as what it is" {
    compile caged <<'END_OF_C'
#include "error.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int
main(int argc, char **argv)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    (void)argc;
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
    check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl");
    execv(argv[1], argv + 1);
    fail("execv", argv[1]);
}
END_OF_C
    [ "$(</proc/sys/kernel/io_uring_disabled)" = 0 ] || skip "io_uring is forbidden by sysctl already"
    run -1 "$BATS_TEST_TMPDIR/caged" "$BUILD/$here/uring-echo" -p 0
    [ "$output" = "uring-echo: io_uring_setup: Operation not permitted (EPERM): forbidden by a seccomp filter, as in many containers" ]
}

# ---- the smallest ring ----

# reads_all PROGRAM: twelve pieces through a ring with room for eight results.
reads_all() {
    seq 10000 >"$BATS_TEST_TMPDIR/file"
    "$BUILD/$here/$1" "$BATS_TEST_TMPDIR/file"
    [ -s "$BATS_TEST_TMPDIR/file" ]
}

@test "uring-hello reads twelve pieces in turn; bad-forgets-cq-head eight, and then spins" {
    local which line
    run -0 reads_all uring-hello
    [ "${lines[0]}" = "room for 4 requests and 8 results" ]
    for which in {0..11}; do
        read -r line < <(tail -c +$((512 * which + 1)) "$BATS_TEST_TMPDIR/file")
        [ "${lines[which + 1]}" = "user_data $which, res 512, flags 0: \"$line\"" ]
    done
    run -1 "$BUILD/$here/bad-forgets-cq-head" "$BATS_TEST_TMPDIR/file"
    [ "${#lines[@]}" = 10 ]
    [[ ${lines[9]} = "asked for a result 1000000 times"* ]]
}

@test "uring-hello itself calls neither read() nor pread()" {
    command -v strace >/dev/null || skip "strace is not installed"
    printf 'hello\n' >"$BATS_TEST_TMPDIR/file"
    ASAN_OPTIONS=detect_leaks=0 strace -o "$BATS_TEST_TMPDIR/calls" "$BUILD/$here/uring-hello" \
        "$BATS_TEST_TMPDIR/file" >"$BATS_TEST_TMPDIR/says"
    grep -q '^user_data 0, res 6, flags 0: "hello"' "$BATS_TEST_TMPDIR/says"
    sed '1,/io_uring_setup/d' "$BATS_TEST_TMPDIR/calls" >"$BATS_TEST_TMPDIR/after"
    grep -q io_uring_enter "$BATS_TEST_TMPDIR/after"
    run -1 grep -E '^p?read' "$BATS_TEST_TMPDIR/after"
}

# ---- exhibits ----

# says_what_it_said PROGRAM: each peer's word is its own.
says_what_it_said() {
    local output
    output=$("$BUILD/$here/$1" | sort)
    [ "$output" = $'A says: watermelon\nB says: pear\nC says: fig' ]
}

@test "results come as they are done; bad-assumes-order gives them to whoever asked first" {
    says_what_it_said in-any-order
    run -0 "$BUILD/$here/in-any-order"
    [[ ${lines[0]} = "C says: fig" && ${lines[2]} = A* ]] # nobody has said it would be so, but it is
    run -1 says_what_it_said bad-assumes-order
    [ "$("$BUILD/$here/bad-assumes-order" -e)" = "$("$BUILD/$here/in-any-order" -e)" ]
}

# one_after_the_other PROGRAM
one_after_the_other() {
    [ "$("$BUILD/$here/$1")" = "the peer gets 500000 a, 500000 b" ]
}

@test "one send at a time keeps the order; of two, bad-answers-overtake's, the peer gets pieces" {
    one_after_the_other answers-in-order
    run -1 one_after_the_other bad-answers-overtake
    [[ $("$BUILD/$here/bad-answers-overtake") = *" a, "*" b, "*" a, "* ]]
    [ "$("$BUILD/$here/bad-answers-overtake" -n 1000)" = "the peer gets 1000 a, 1000 b" ]
}

# each_its_own PROGRAM
each_its_own() {
    local output
    output=$("$BUILD/$here/$1") || return 2
    [[ $output = *$'\n'"A gets:  A's secret"$'\n'"B gets:  B's secret" ]]
}

@test "a buffer is given back when its bytes are gone; with bad-buffer-reused A gets B's secret" {
    each_its_own buffer-on-loan
    [[ $("$BUILD/$here/buffer-on-loan") = *"B has spoken, and there is no buffer"* ]]
    run -1 each_its_own bad-buffer-reused
    [[ $("$BUILD/$here/bad-buffer-reused") = *"A gets:  B's secret"* ]]
}

# ---- servers ----

# messages N: so many, there and back, of one client.
messages() {
    local i
    echo 'A connect'
    for ((i = 0; i < $1; i++)); do
        printf 'A send "hello\\n"\nA recv "hello\\n"\n'
    done
    printf 'A half-close\nA end\n'
}

@test "uring-echo asks for every accept, receive and send; uring-multishot receives as often as it is told" {
    COUNT=1 start_server $here/uring-echo
    talk <<<"$(messages 20)"
    stop_server
    [ "$(counted accept 2)" = 2 ]
    [ "$(counted recv 2)" = 21 ]
    [ "$(counted send 2)" = 20 ]
    (($(counted io_uring_enter 2) >= 20))
    COUNT=1 start_server $here/uring-multishot -v
    talk <<<"$(messages 20)"
    stop_server
    [ "$(counted accept 2)" = 1 ]
    [ "$(counted recv 2)" = 1 ]
    [ "$(counted send 2)" = 20 ]
    grep -q "^1 requests to receive, 21 results: 0 cancelled, 0 without a buffer" "$SERVER_ERR"
}

@test "neither calls accept, read, recv, write, send, epoll_wait or poll itself" {
    local server
    for server in "${uring[@]}"; do
        COUNT=1 start_server "$here/$server"
        talk <<<"$(messages 3)"
        stop_server
        run -1 grep -E '^  (read|write|epoll_wait|poll|recvmsg|sendmsg) ' "$SERVER_ERR"
        run -1 grep -E '^  (accept|recv|send) .* [0-9]+$' "$SERVER_ERR" # those of the ring say so
    done
}

@test "a wait in io_uring_enter() is a wait in a trace" {
    TRACE=$BATS_TEST_TMPDIR/trace.json start_server $here/uring-echo
    talk <<<"$(messages 3)"
    stop_server
    grep -q '"cat":"wait","name":"io_uring_enter"' "$BATS_TEST_TMPDIR/trace.json"
}

memory_kb() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"
}

@test "a peer that sends and never reads is not received from any more, and takes no memory" {
    local server before
    for server in "${uring[@]}"; do
        start_server "$here/$server" # its group of buffers is all used once in the first megabyte
        meet
        head -c 3000000 /dev/zero >&"$PEER" 3>&- 4>&- &
        head -c 3000000 <&"$PEER" >/dev/null
        wait $!
        before=$(memory_kb "$SERVER")
        head -c 50000000 /dev/zero >&"$PEER" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
        poll_until 10 is_asleep "$SERVER"
        poll_until 5 is_asleep $!
        [[ $BUILD = *san* ]] || (($(memory_kb "$SERVER") - before < 1500))
        kill $!
        wait $! || true
        leave
        stop_server
    done
}

@test "a peer that did not read for a while gets every byte; uring-multishot has asked anew" {
    local server writer
    for server in "${uring[@]}"; do
        start_server "$here/$server" # -v is uring-multishot's own
        [[ $server != uring-multishot ]] || {
            stop_server
            start_server "$here/$server" -v
        }
        meet
        seq 6000000 >"$BATS_TEST_TMPDIR/sent" # 47 MB: more than all the kernel's buffers hold
        cat "$BATS_TEST_TMPDIR/sent" >&"$PEER" 3>&- 4>&- &
        writer=$!
        poll_until 10 is_asleep $writer
        poll_until 10 is_asleep "$SERVER"
        poll_until 5 is_asleep $writer
        head -c "$(stat -c %s "$BATS_TEST_TMPDIR/sent")" <&"$PEER" | cmp - "$BATS_TEST_TMPDIR/sent"
        wait $writer
        leave
        stop_server
    done
    [[ $(<"$SERVER_ERR") =~ ": "([0-9]+)" cancelled, "([0-9]+)" without a buffer" ]]
    ((BASH_REMATCH[1] + BASH_REMATCH[2] > 0)) # which of them is the kernel's affair
}

# a_play: A's bytes come back, B goes on after a reset, C after that.
a_play() {
    talk <<<'A connect
             A echo "0123456789" * 10000
             A half-close
             A end
             B connect
             B echo "b"
             B reset
             C connect
             C echo "c"
             C half-close
             C end'
}

@test "no byte is lost when requests are cut short, interrupted, find nothing, or no buffer" {
    local server plan
    for server in "${uring[@]}"; do
        for plan in recv:short,send:short,io_uring_enter:EAGAIN@3-7 recv:one@1-9,send:one@1-99 \
            recv:EINTR,send:EINTR,accept:EINTR,io_uring_enter:EINTR recv:EAGAIN,send:EAGAIN; do
            FAULTS=$plan start_server "$here/$server"
            a_play
            stop_server
        done
    done
    COUNT=1 FAULTS=recv:ENOBUFS@1-3 start_server $here/uring-multishot -v
    a_play
    stop_server
    grep -q " 3 without a buffer" "$SERVER_ERR"
}

@test "an accept that fails is asked for again, and without descriptors not at once" {
    local server
    for server in "${uring[@]}"; do
        COUNT=1 FAULTS=accept:ECONNABORTED@1-3,accept:EMFILE@4,accept:ENFILE@5,accept:ENOBUFS@6,accept:ENOMEM@7 \
            start_server "$here/$server"
        a_play
        stop_server
        (($(counted accept 2) >= 8))
    done
}

@test "a connection that fails in a receive or a send is closed, and the next one is served" {
    local server plan again
    for server in "${uring[@]}"; do
        for plan in recv:ECONNRESET@2 send:EPIPE@2; do
            [[ $server/$plan != uring-multishot/recv* ]] || plan=recv:ECONNRESET@1
            again='A send "b"'
            [[ $plan != recv*@2 ]] || again='A half-close' # then the request does not find it
            [[ $plan != *@1 ]] || again=''
            FAULTS=$plan start_server "$here/$server"
            talk <<<"A connect
                     ${again:+A echo \"a\"}
                     $again
                     A end
                     C connect
                     C echo \"c\"
                     C half-close
                     C end"
            stop_server
        done
    done
}

@test "without a descriptor left they rest between two looks, and accept when there is one again" {
    local server first status
    for server in "${uring[@]}"; do
        # 0 to 2, the root of http, the listener, the ring: one more is left.
        COUNT=1 LISTEN="--nofile=7:7 $BUILD/$here/$server -p 0" start_server "$(command -v prlimit)"
        meet
        first=$PEER
        meet
        printf 'hello\n' >&"$PEER"
        status=0
        read -rt 0.3 -u "$PEER" || status=$?
        ((status > 128)) # the time was up
        exec {first}>&-
        read -rt 5 -u "$PEER"
        leave
        stop_server
        (($(counted accept 2) < 20))
    done
}

@test "without a descriptor left they can be told to stop all the same" {
    local server
    for server in "${uring[@]}"; do
        start_server "$here/$server"
        prlimit --pid "$SERVER" --nofile="$(descriptor_count "$SERVER"):1024"
        meet # one accept was asked for before, with the limit of then
        leave
        meet
        stop_server
        leave
    done
}

@test "they speak http as well as echo" {
    local server
    mkdir "$BATS_TEST_TMPDIR/files"
    seq 100000 >"$BATS_TEST_TMPDIR/files/a.txt"
    for server in "${uring[@]}"; do
        start_server "$here/$server" -P http -d "$BATS_TEST_TMPDIR/files"
        "$BUILD/03-http/get" "http://$ADDRESS:$PORT/a.txt" >"$BATS_TEST_TMPDIR/got"
        tail -n 100000 "$BATS_TEST_TMPDIR/got" | cmp - "$BATS_TEST_TMPDIR/files/a.txt"
        stop_server
    done
}

# ---- a ring of one's own, watched ----

@test "COUNT knows what was asked for, however many requests io_uring_enter was told of" {
    compile takes <<'END_OF_C'
#include "error.h"
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
enum { PLACES = 8 };
static struct io_uring_params p;
static struct io_uring_sqe *requests;
static char *rings;
static int ring, out;
static unsigned tail;
static void
prepare(unsigned count)
{
    for (; count > 0; count--)
        requests[tail++ % PLACES] = (struct io_uring_sqe){
            .opcode = IORING_OP_WRITE, .fd = out, .addr = (uintptr_t)"word", .len = 4};
    atomic_store((_Atomic unsigned *)(void *)(rings + p.sq_off.tail), tail);
}
static void
enter(unsigned count)
{
    printf("%ld ", syscall(SYS_io_uring_enter, ring, count, 0, 0, NULL, 0));
    fflush(stdout);
}
int
main(void)
{
    int ends[2], access = PROT_READ | PROT_WRITE;

    ring = check((int)syscall(SYS_io_uring_setup, PLACES, &p), "io_uring_setup");
    rings = mmap(NULL, p.sq_off.array + PLACES * sizeof(unsigned), access, MAP_SHARED, ring,
                 IORING_OFF_SQ_RING);
    requests = mmap(NULL, PLACES * sizeof *requests, access, MAP_SHARED, ring, IORING_OFF_SQES);
    for (unsigned i = 0; i < PLACES; i++)
        ((unsigned *)(void *)(rings + p.sq_off.array))[i] = i;
    check(pipe(ends), "pipe");
    out = ends[1];
    prepare(4);
    enter(PLACES); /* more than there are */
    prepare(3);
    enter(1); /* fewer */
    enter(2);
    return 0;
}
END_OF_C
    COUNT=1 run -0 --separate-stderr timeout 10 "$BATS_TEST_TMPDIR/takes"
    [ "$output" = "4 1 2 " ]
    [[ $stderr =~ write\ +7\ +-\ +0\ +by\ io_uring ]]
}

@test "a receive that goes on and is cut short ends with that, and is asked for anew" {
    COUNT=1 FAULTS=recv:one@1-3 start_server $here/uring-multishot
    talk <<<"$(messages 3)"
    stop_server
    [ "$(counted recv 2)" = 4 ]
}

@test "nothing that watches a ring keeps it open when it is closed" {
    compile opens <<'END_OF_C'
#include "ring.h"
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int
main(void)
{
    char line[256];
    FILE *maps;
    int left = 0;

    for (int i = 0; i < 20; i++)
        ring_close(ring_open(8));
    left += syscall(SYS_io_uring_enter, -1, 1, 0, 0, NULL, 0) != -1; /* none at all is no ring */
    left += close(-1) != -1;
    maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        left += strstr(line, "[io_uring]") != NULL;
    printf("%d\n", left);
    return 0;
}
END_OF_C
    COUNT=1 run -0 --separate-stderr "$BATS_TEST_TMPDIR/opens"
    [ "$output" = 0 ]
}

@test "a ring with no room, or too much, is refused for what it is" {
    local entries
    compile too-many <<'END_OF_C'
#include "ring.h"
#include <stdlib.h>
int
main(int argc, char **argv)
{
    ring_close(ring_open((unsigned)atoi(argv[argc - 1])));
    return 0;
}
END_OF_C
    for entries in 0 32769; do
        run -1 "$BATS_TEST_TMPDIR/too-many" $entries
        [ "$output" = "too-many: io_uring_setup: Invalid argument (EINVAL): a ring has 1 to 32,768 entries" ]
    done
    run -0 "$BATS_TEST_TMPDIR/too-many" 32768
}
