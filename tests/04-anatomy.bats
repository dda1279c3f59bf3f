load lib/servers
load lib/compile
load 04-anatomy/store
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
    local unit name clients=()
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
    for unit in "${units[@]}"; do # all at once
        start_server $here/store -m "$unit"
        for name in "${names[@]}"; do
            ./cuts "$ADDRESS" "$PORT" "$name" >"$name.$unit" || break
        done 3>&- 4>&- &
        clients+=($!)
    done
    wait "${clients[@]}"
    for unit in "${units[@]}"; do
        for name in "${names[@]}"; do
            cmp "$name.$unit" "$name.answers"
        done
    done
    for SERVER in "${SERVERS[@]}"; do
        stop_server
    done
    [ ! "$(cat "${SERVERS_ERR[@]}")" ]
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

@test "when the queue is full the I/O unit stops receiving, and goes on when there is room" {
    start_server $here/store -v -w 1 -q 2 -s 100
    talk <<<'A*5 connect
             A send "get a\n"
             A recv "none\n"
             A close'
    poll_until 5 has_said "room again, after [0-9]* ms: receiving" 1
    [[ $(head -1 "$SERVER_ERR") = "the queue is full: nothing more is received" ]]
    stop_server
    start_server $here/store -v -w 1 -q 5 -s 50
    talk <<<'A*5 connect
             A send "get a\n"
             A recv "none\n"'
    stop_server
    [ ! -s "$SERVER_ERR" ]
}

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
    poll_until 5 has_said "the queue is full" 1
    nothing_unread
    echo "get more" >&"${peers[2]}"
    exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
    echo "get last" >&"$peer"
    poll_until 5 so_much_unread 18
    poll_until 15 has_said "room again" 1
}
