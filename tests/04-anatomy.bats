load lib/servers
load lib/compile
teardown() { end_servers; }

here=04-anatomy
units=(blocking poll workers)

# ---- four units ----

# scripts: what a client sends, each as a file; and beside it the answers.
scripts() {
    cd "$BATS_TEST_TMPDIR" || return
    printf '%s\n' list 'set b two words' 'set a 1' list 'get b' 'get a' 'get c' 'set a  2 ' \
        'get a' 'set e ' 'get e' 'delete e' 'delete b' 'delete b' 'delete a' list >words
    printf '%s\n' names ok ok 'names a b' 'value two words' 'value 1' none ok \
        'value  2 ' ok 'value ' ok ok none ok names >words.answers

    usage="error: set NAME VALUE, get NAME, delete NAME, or list"
    printf 'get a\r\nset a x\ry\nget\n\nget a b\nset a\nset a/b 1\nset  1\nGET a\nlist 1\n' >wrong
    printf 'get a\0b\nset a \001\nset a \303\244\nget a\ndelete a\nset %033d 1\n' 1 >>wrong
    printf '%s\n' none 'error: the line is no text' "$usage" "$usage" "$usage" \
        'error: set NAME VALUE' 'error: set NAME VALUE' 'error: set NAME VALUE' "$usage" "$usage" \
        'error: the line is no text' 'error: the line is no text' ok $'value \303\244' ok \
        'error: set NAME VALUE' >wrong.answers

    printf 'set a %0200d\nget a\nset a %0201d\ndelete a\n' 1 1 >long
    printf 'get %0246d\nget %0246d\r\nget %0247d\r\nlist\nget %0300d' 1 1 1 1 >>long
    printf '%s\n' ok "value $(printf '%0200d' 1)" 'error: the value is too long' ok "$usage" \
        "$usage" 'error: the line is too long' names \
        'error: the line is too long' >long.answers

    printf 'set a 1\nget a\ndelete a\ndelete ' >half
    printf '%s\n' ok 'value 1' ok 'error: the last line has no end' >half.answers
    : >empty
    : >empty.answers
    names=(words wrong long half empty)
}

@test "the logic unit answers alone, without a descriptor, and the same wherever the bytes are cut" {
    compile logic <<END
#include "$TOP/chapters/$here/store/commands.c"
#include "$TOP/chapters/$here/store/logic.c"
#include "$TOP/chapters/$here/store/storage.c"
#include <stdlib.h>
#include <unistd.h>
static char script[10000], first[100000], answers[100000];
static size_t len, got;
static void
work(struct conversation *c)
{
    while (request_is_there(c)) {
        answer_request(c);
        memcpy(answers + got, buffer_bytes(&c->out), buffer_length(&c->out));
        got += buffer_length(&c->out);
        buffer_consume(&c->out, buffer_length(&c->out));
    }
}
/* The first \`cut\` bytes, then the rest, \`piece\` bytes at a time. */
static void
play(size_t cut, size_t piece)
{
    struct conversation c;

    got = 0;
    if (!conversation_begin(&c) || !buffer_append(&c.in, script, cut))
        exit(2);
    work(&c);
    for (size_t at = cut; at < len; at += piece) {
        if (!buffer_append(&c.in, script + at, piece < len - at ? piece : len - at))
            exit(2);
        work(&c);
    }
    c.ended = true;
    work(&c);
    if (!conversation_is_over(&c))
        exit(3);
    conversation_end(&c);
}
int
main(void)
{
    ssize_t n = read(0, script, sizeof script);
    size_t whole;

    len = n > 0 ? (size_t)n : 0;
    play(len, 1);
    memcpy(first, answers, whole = got);
    for (size_t cut = 0; cut <= len; cut++) {
        play(cut, len - cut + 1);
        if (got != whole || memcmp(first, answers, got) != 0)
            return 4;
    }
    play(0, 1);
    if (got != whole || memcmp(first, answers, got) != 0)
        return 5;
    return write(1, first, whole) != (ssize_t)whole;
}
END
    scripts
    for name in "${names[@]}"; do
        ./logic <"$name" >"$name.got"
        cmp "$name.got" "$name.answers"
    done
}

@test "under all three I/O units the answers are the same, byte by byte, wherever the bytes are cut" {
    local unit name
    compile cuts <<'END'
#include "args.h"
#include "io.h"
#include "net.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* Sends the script in two pieces, cut in every place, each time on a new connection. */
int
main(int argc, char **argv)
{
    char **o = parse_args(argc, argv, NULL, "HOST PORT SCRIPT");
    static char script[10000], first[100000], answers[100000];
    size_t len, whole = 0, got;
    int on = 1, fd = open(o[2], O_RDONLY);

    read_exactly(fd, script, sizeof script, &len);
    close(fd);
    for (size_t cut = 0; cut <= len; cut++) {
        fd = tcp_connect(o[0], o[1]);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        write_all(fd, script, cut);
        if (cut > 0)
            usleep(100); /* so that the server comes to read the first alone, most times */
        write_all(fd, script + cut, len - cut);
        shutdown(fd, SHUT_WR);
        if (read_exactly(fd, answers, sizeof answers, &got) != IO_END)
            return 3;
        close(fd);
        if (cut == 0)
            memcpy(first, answers, whole = got);
        if (got != whole || memcmp(first, answers, got) != 0)
            return 4;
    }
    return write_all(1, first, whole) != IO_DATA;
}
END
    scripts
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        for name in "${names[@]}"; do
            ./cuts "$ADDRESS" "$PORT" "$name" >"$name.got"
            cmp "$name.got" "$name.answers"
        done
        stop_server
        [ ! -s "$SERVER_ERR" ]
    done
}

# ask FILE: sends it, ends, and prints what comes.
ask() {
    "$BUILD/00-sockets/tcp-client" "$ADDRESS" "$PORT" <"$1"
}

@test "and the same when every call is cut to a byte, cut to half, or interrupted" {
    local unit name plan
    scripts
    for unit in "${units[@]}"; do
        for plan in read:one,write:one read:short,write:short \
            read:EINTR,write:EINTR,accept:EINTR,poll:EINTR; do
            FAULTS=$plan start_server $here/store -m "$unit"
            for name in "${names[@]}"; do
                ask "$name" >"$name.got"
                cmp "$name.got" "$name.answers"
            done
            stop_server
        done
    done
}

@test "a connection that fails is closed under each unit, and the next one is served" {
    local unit plan again
    for unit in "${units[@]}"; do
        for plan in read:ECONNRESET@2 write:EPIPE@2; do
            again='A send "list\n"'
            [[ $plan != read* ]] || again='A half-close' # then nothing is left unread
            FAULTS=$plan start_server $here/store -m "$unit"
            talk <<<"A connect
                     A send \"list\\n\"
                     A recv \"names\\n\"
                     $again
                     A end
                     B connect
                     B send \"list\\n\"
                     B recv \"names\\n\""
            stop_server
        done
    done
}

@test "a hundred names have room, and one more is an error until one is deleted" {
    local unit
    { printf 'set n%03d x\n' {1..101} && printf 'set n001 y\ndelete n050\nset n101 z\nlist\n'; } \
        >"$BATS_TEST_TMPDIR/names"
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        run -0 ask "$BATS_TEST_TMPDIR/names"
        [ "${#lines[@]}" = 105 ]
        [ "${lines[100]}" = "error: no room for another name" ]
        [ "${lines[*]:101:3}" = "ok ok ok" ]
        [ "${lines[104]}" = "names$(printf ' n%03d' {1..49} {51..101})" ]
        stop_server
    done
}

@test "many clients at once, each with many requests: the answers of each come in its order" {
    local i clients=()
    start_server $here/store -w 8 -q 4
    for i in {1..8}; do
        seq -f "get $i-%g" 1 500 | sed "s/get \(.*\)/set $i \1\nget $i/" >"$BATS_TEST_TMPDIR/in$i"
        seq -f "ok"$'\n'"value $i-%g" 1 500 >"$BATS_TEST_TMPDIR/wanted$i"
        ask "$BATS_TEST_TMPDIR/in$i" >"$BATS_TEST_TMPDIR/out$i" 3>&- 4>&- &
        clients+=($!)
    done
    for i in {1..8}; do
        wait "${clients[i - 1]}"
        cmp "$BATS_TEST_TMPDIR/out$i" "$BATS_TEST_TMPDIR/wanted$i"
    done
    stop_server
}

# ---- who waits for whom ----

second='A connect
        A send "get a\n"
        A recv "none\n"
        B connect
        B send "get b\n"
        B recv "none\n"'

@test "a silent client keeps others waiting under the blocking unit only" {
    local unit
    for unit in poll workers; do
        start_server $here/store -m $unit
        talk <<<"$second"
    done
    start_server $here/store -m blocking
    talk <<<'A connect
             A send "get a\n"
             A recv "none\n"
             B connect
             B send "get b\n"
             B silent 200ms
             A close
             B recv "none\n"'
}

@test "while the logic unit thinks, the poll unit hears nobody; with workers two think at once" {
    local ms=$((200 * MICROSECONDS / 1000000))
    local waits='A connect
                 B connect
                 A send "get a\n" * 5
                 B send "get b\n"
                 B silent 600ms
                 A recv "none\n" * 5
                 B recv "none\n"'
    start_server $here/store -m poll -s $ms
    talk <<<"$waits"
    start_server $here/store -m workers -w 2 -s $ms
    run -1 talk <<<"$waits"
    [[ $output = *"B silent 600ms "*FAILED*"expected silence"* ]]
}

@test "a client that never reads its answers is not read from either, and others go on" {
    local unit i
    for i in {1..100}; do printf 'set n%03d%028d x\n' "$i" 0; done >"$BATS_TEST_TMPDIR/names"
    for unit in poll workers; do
        start_server $here/store -m $unit
        ask "$BATS_TEST_TMPDIR/names" >/dev/null
        talk <<<'A connect
                 A send "list\n" * 5000
                 B connect
                 B send "get b\n"
                 B recv "none\n"
                 A close
                 C connect
                 C send "get c\n"
                 C recv "none\n"'
        stop_server
    done
}

# ---- back-pressure ----

# told LINE N: for poll_until. The server has said so N times or more on stderr.
told() {
    (($(grep -c "^$1" "$SERVER_ERR") >= $2))
}

@test "when the queue is full the I/O unit stops receiving, and goes on when there is room" {
    start_server $here/store -v -w 1 -q 2 -s 100
    talk <<<'A*5 connect
             A send "get a\n"
             A recv "none\n"
             A close'
    poll_until 5 told "room again, after [0-9]* ms: receiving" 1
    [[ $(head -1 "$SERVER_ERR") = "the queue is full: nothing more is received" ]]
    stop_server
    start_server $here/store -v -w 1 -q 5 -s 50
    talk <<<'A*5 connect
             A send "get a\n"
             A recv "none\n"'
    stop_server
    [ ! -s "$SERVER_ERR" ]
}

# unread: bytes that wait in the kernel to be read by the server; see proc(5), /proc/net/tcp.
unread() {
    local sum=0 hex
    while read -r hex; do
        sum=$((sum + 16#$hex))
    done < <(awk -v port="$(printf ':%04X' "$PORT")" '$2 ~ port "$" && $4 == "01" {
        sub(/.*:/, "", $5); print $5 }' /proc/net/tcp)
    echo "$sum"
}

nothing_unread() { (($(unread) == 0)); }
so_much_unread() { (($(unread) == $1)); }

@test "while the queue is full what clients send stays in the kernel, and nobody is accepted" {
    local i peer peers=()
    start_server $here/store -v -w 1 -q 1 -s $((4000 * MICROSECONDS / 1000000))
    for i in {1..3}; do # one with the worker, one in the queue, one too many
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        echo "get a" >&"$peer"
        peers+=("$peer")
        poll_until 5 nothing_unread
        poll_until 5 all_wait "$SERVER" 1 # the I/O unit and the worker, who thinks
    done
    poll_until 5 told "the queue is full" 1
    nothing_unread
    echo "get more" >&"${peers[2]}"
    exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
    echo "get last" >&"$peer"
    poll_until 5 so_much_unread 18
    poll_until 15 told "room again" 1
}

# ---- stopping ----

@test "on SIGTERM each unit still answers what has come, and then ends" {
    local unit
    printf 'set a 1\nget a\ndelete a\nget a\n' >"$BATS_TEST_TMPDIR/lines"
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit" -s 20
        exec 8<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'get a\n' >&8
        read -rt 5 -u 8
        kill -STOP "$SERVER"
        cat "$BATS_TEST_TMPDIR/lines" >&8 # in one segment
        kill -TERM "$SERVER"
        kill -CONT "$SERVER"
        [ "$(cat <&8)" = $'ok\nvalue 1\nok\nnone' ]
        end_by_themselves "$SERVER"
        exec 8>&-
    done
}

# end_by_themselves PID...: they do, with status 0.
end_by_themselves() {
    local pid status
    for pid; do
        status=0
        poll_until 5 gone "$pid"
        wait "$pid" || status=$?
        ((status == 0))
    done
}

@test "a client that never reads, and a worker that thinks, delay the end by a second each at most" {
    local unit i pids=()
    for i in {1..100}; do printf 'set n%03d%028d x\n' "$i" 0; done >"$BATS_TEST_TMPDIR/names"
    awk 'BEGIN { for (i = 0; i < 2000000; i++) print "list" }' >"$BATS_TEST_TMPDIR/lists"
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        pids+=("$SERVER")
        ask "$BATS_TEST_TMPDIR/names" >/dev/null
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        cat "$BATS_TEST_TMPDIR/lists" >&"$peer" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
        poll_until 10 is_asleep "$SERVER"
    done
    start_server $here/store -w 1 -q 2 -s 1000
    talk <<<'A*4 connect
             A send "get a\n"
             A close'
    pids+=("$SERVER")
    kill "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

@test "workers whose answers nobody takes any more can still be stopped" {
    compile stopped <<END
#include "$TOP/chapters/$here/store/io-workers.c"
bool request_is_there(struct conversation *c) { return c; }
void answer_request(struct conversation *c) { (void)c; }
struct peers peers_begin(int listener) { return (struct peers){.listener = listener}; }
bool peers_turn(struct peers *p, int fd, bool receive) { return p && fd && receive; }
void peers_end(struct peers *p) { (void)p; }
int
main(void)
{
    static struct peer peers[4];
    pthread_t *threads;

    requests = queue_open(1);
    answered = queue_open(2);
    alarm_fd = eventfd(0, EFD_NONBLOCK);
    threads = start_workers(1);
    for (int i = 0; i < 4; i++) /* two are answered, for one there is no room, one is waiting */
        queue_put(requests, &peers[i]);
    alarm(10);
    stop_workers(threads, 1);
    queue_free(requests);
    queue_free(answered);
    return 0;
}
END
    run -0 "$BATS_TEST_TMPDIR/stopped"
}

@test "SIGINT ends each unit at rest, and none of them uses a CPU while nothing happens" {
    local unit pid pids=() before=()
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        pids+=("$SERVER")
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'half a li' >&"$peer"
        poll_until 5 nothing_unread
        poll_until 5 is_asleep "$SERVER"
        before+=("$(cpu_ms "$SERVER")")
    done
    read -rt 0.3 -u "$peer" || true
    for pid in "${pids[@]}"; do
        (($(cpu_ms "$pid") - before[0] <= 20))
        before=("${before[@]:1}")
    done
    kill -INT "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

# ---- signals as events ----

ways=(signalfd self-pipe)

@test "an echo server hears of signals both ways, and loses no byte for it" {
    local way
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        talk <<<'A connect
                 A echo "0123456789" * 100000
                 B connect
                 B echo "b"
                 A half-close
                 A end' 3>&- 4>&- &
        for _ in {1..20}; do kill -HUP "$SERVER"; done
        wait $!
        poll_until 5 told "child: ended with status 0" 1
        stop_server
    done
}

no_children() { [[ $(process_tree "$SERVER") = "$SERVER" ]]; }

@test "SIGHUP makes a child that reports, and its end is an event: it is reaped" {
    local way
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        kill -HUP "$SERVER"
        poll_until 5 told "child: ended with status 0" 1
        poll_until 5 no_children
        [[ $(grep -v ended "$SERVER_ERR") = "child: 0 I/O, 1 signal and 0 timer events" ]]
        kill -HUP "$SERVER"
        poll_until 5 told "child: ended with status 0" 2
        [[ $(grep -c "child: 0 I/O, 3 signal and 0 timer events" "$SERVER_ERR") = 1 ]]
        stop_server
    done
}

@test "three kinds of event are counted in one loop: I/O, signals and timers" {
    local way reports=()
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way" -t 1
        talk <<<'A connect
                 A echo "hello"'
        kill -HUP "$SERVER"
        reports+=("$SERVER_ERR")
    done
    for SERVER_ERR in "${reports[@]}"; do
        poll_until 5 told "timer: [1-9][0-9]* I/O, [12] signal and [1-9][0-9]* timer events" 1
    done
}

@test "SIGTERM both ways: what is owed is sent, and a peer that does not take it has a second" {
    local way pids=()
    seq 1000 >"$BATS_TEST_TMPDIR/lines"
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        exec 8<>"/dev/tcp/$ADDRESS/$PORT"
        kill -STOP "$SERVER"
        cat "$BATS_TEST_TMPDIR/lines" >&8
        kill -TERM "$SERVER"
        kill -CONT "$SERVER"
        cmp "$BATS_TEST_TMPDIR/lines" - <&8
        end_by_themselves "$SERVER"
        start_server $here/signals-as-events -m "$way"
        pids+=("$SERVER")
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        head -c 30000000 /dev/zero >&"$peer" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
    done
    kill "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

@test "a signal that comes before or during poll() is never lost: 200 times" {
    local way i
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        for i in {1..200}; do
            kill -CHLD "$SERVER"
        done
        kill -HUP "$SERVER"
        poll_until 5 told "child: ended" 1
        stop_server
    done
}
