load lib/servers
load lib/compile
teardown() { end_servers; }

here=04-anatomy
units=(blocking poll workers)

# ---- the buffer ----

# compile_buffer: `buffer CASE` prints what the calls of buffer.h have said.
compile_buffer() {
    compile buffer <<'END'
#include "buffer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static struct buffer b;
/* Appends and consumes at random, and compares with an array that is simple and long enough. */
static int
by_chance(void)
{
    static char all[2000000];
    size_t first = 0, last = 0;

    srand(4);
    while (last < sizeof all - 64) {
        size_t len = (size_t)rand() % 40, had = buffer_length(&b);

        for (size_t i = 0; i < len; i++)
            all[last + i] = (char)rand();
        if (rand() % 2) {
            if (buffer_append(&b, all + last, len) != (len <= 64 - had))
                return 1;
        } else if (len <= buffer_room(&b)) {
            memcpy(buffer_space(&b), all + last, len);
            buffer_added(&b, len);
        }
        last += buffer_length(&b) - had;
        len = (size_t)rand() % (buffer_length(&b) + 1);
        if (memcmp(buffer_bytes(&b), all + first, last - first) != 0)
            return 1;
        buffer_consume(&b, len);
        first += len;
        if (buffer_length(&b) != last - first || buffer_room(&b) != 64 - (last - first))
            return 1;
    }
    return 0;
}
int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int ends[2], status = 0;

    if (pipe(ends) == -1 || !buffer_open(&b, 64))
        return 2;
    if (strcmp(what, "chance") == 0)
        status = by_chance();
    if (strcmp(what, "full") == 0) {
        char bytes[64] = "";

        printf("%d ", buffer_append(&b, bytes, 60));
        printf("%d ", buffer_append(&b, bytes, 5));
        printf("%d ", buffer_print(&b, "%d", 12345));
        printf("%zu ", buffer_length(&b));
        printf("%d ", buffer_print(&b, "%d", 1234));
        printf("%d ", buffer_append(&b, bytes, 1));
        printf("%zu %d\n", buffer_room(&b), buffer_append(&b, NULL, 0));
    }
    if (strcmp(what, "io") == 0) {
        char bytes[100] = "";

        if (write(ends[1], bytes, 100) != 100)
            return 2;
        printf("%d ", buffer_read(&b, ends[0]) == IO_DATA);
        printf("%zu ", buffer_length(&b));
        printf("%d ", buffer_read(&b, ends[0]) == IO_NOT_YET);
        buffer_consume(&b, 50);
        printf("%d ", buffer_read(&b, ends[0]) == IO_DATA);
        printf("%zu ", buffer_length(&b));
        printf("%d ", buffer_write(&b, ends[1]) == IO_DATA);
        printf("%zu ", buffer_length(&b));
        printf("%d ", buffer_write(&b, ends[1]) == IO_DATA);
        close(ends[1]);
        printf("%d ", buffer_read(&b, ends[0]) == IO_DATA);
        printf("%zu ", buffer_length(&b));
        buffer_consume(&b, 50);
        printf("%d ", buffer_read(&b, ends[0]) == IO_END);
        printf("%zu\n", buffer_length(&b));
    }
    buffer_close(&b);
    buffer_close(&b);
    return status || buffer_room(&b) || buffer_length(&b);
}
END
}

@test "a buffer keeps its bytes in order, in one piece, whatever is appended and consumed" {
    compile_buffer
    run -0 "$BATS_TEST_TMPDIR/buffer" chance
}

@test "a buffer takes all of what it is given or nothing, and says which" {
    compile_buffer
    [ "$("$BATS_TEST_TMPDIR/buffer" full)" = "1 0 0 60 1 0 0 1" ]
}

@test "a buffer without room does not read, so nobody takes that for the end" {
    compile_buffer
    [ "$("$BATS_TEST_TMPDIR/buffer" io)" = "1 64 1 1 50 1 0 1 1 50 1 0" ]
}

# ---- the queue ----

# in_time COMMAND...: a queue that is wrong may be one in which somebody sleeps for ever.
in_time() {
    timeout $((10 * MICROSECONDS / 1000000)) "$@"
}

# compile_queue: `queue CASE`.
compile_queue() {
    compile queue <<'END'
#include "queue.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
enum { THREADS = 4, EACH = 5000 };
static struct queue *q;
static char things[THREADS * EACH];
static atomic_int taken[THREADS * EACH];
static atomic_long most, returned;
static void *
put_all(void *from)
{
    for (int i = 0; i < EACH; i++) {
        if (queue_put(q, (char *)from + i) != QUEUE_PUT)
            return NULL;
        if ((long)queue_length(q) > most)
            most = (long)queue_length(q);
    }
    return from;
}
static void *
take_all(void *unused)
{
    char *thing;
    char *last[THREADS] = {0}; /* of each who puts; what one has put comes in its order */

    while ((thing = queue_take(q))) {
        long i = thing - things;

        taken[i]++;
        if (thing < last[i / EACH])
            printf("out of order\n");
        last[i / EACH] = thing;
    }
    returned++;
    return unused;
}
static void *
put_one(void *unused)
{
    printf("put says %d\n", queue_put(q, things));
    return unused;
}
static void *
take_one(void *unused)
{
    printf("take says %s\n", queue_take(q) ? "a request" : "the end");
    return unused;
}
int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    pthread_t t[2 * THREADS];
    int wrong = 0, got[4];

    q = queue_open(3);
    if (strcmp(what, "order") == 0) {
        for (int i = 0; i < 10; i++) {
            if (queue_put(q, things + i) != QUEUE_PUT || queue_put(q, things + i + 1) != QUEUE_PUT)
                return 1;
            if (queue_take(q) != things + i || queue_try_take(q) != things + i + 1)
                return 1;
        }
        printf("empty: %d\n", queue_try_take(q) == NULL);
    }
    if (strcmp(what, "full") == 0) {
        for (int i = 0; i < 5; i++)
            printf("%d ", queue_try_put(q, things + i));
        printf("length %zu\n", queue_length(q));
        pthread_create(&t[0], NULL, put_one, NULL); /* sleeps, whether at once or later */
        for (int i = 0; i < 4; i++)
            got[i] = (int)((char *)queue_take(q) - things);
        pthread_join(t[0], NULL);
        printf("%d %d %d %d\n", got[0], got[1], got[2], got[3]);
    }
    if (strcmp(what, "close") == 0) {
        queue_put(q, things);
        queue_put(q, things + 1);
        queue_close(q);
        queue_close(q);
        printf("%d ", queue_put(q, things));
        printf("%d, ", queue_try_put(q, things));
        printf("%d ", queue_take(q) == things);
        printf("%d ", queue_take(q) == things + 1);
        printf("%d ", queue_take(q) == NULL);
        printf("%d\n", queue_try_take(q) == NULL);
    }
    if (strcmp(what, "sleepers") == 0 || strcmp(what, "putters") == 0) {
        int sleepers = strcmp(what, "sleepers") == 0;

        for (int i = 0; !sleepers && i < 3; i++)
            queue_put(q, things);
        for (int i = 0; i < THREADS; i++)
            pthread_create(&t[i], NULL, sleepers ? take_one : put_one, NULL);
        getchar(); /* the test has seen them sleep */
        queue_close(q);
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
    }
    if (strcmp(what, "many") == 0) {
        for (int i = 0; i < THREADS; i++) {
            pthread_create(&t[i], NULL, put_all, things + i * EACH);
            pthread_create(&t[THREADS + i], NULL, take_all, NULL);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
        queue_close(q);
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[THREADS + i], NULL);
        for (int i = 0; i < THREADS * EACH; i++)
            wrong += taken[i] != 1;
        printf("%d wrong, at most 3 in it: %d, %ld have heard the end\n", wrong, most <= 3, returned);
    }
    queue_free(q);
    return 0;
}
END
}

@test "what is put into a queue first is taken out first, round and round" {
    compile_queue
    [ "$(in_time "$BATS_TEST_TMPDIR/queue" order)" = "empty: 1" ]
}

@test "a full queue says so to callers that do not wait, and lets one that waits in later" {
    compile_queue
    run -0 in_time "$BATS_TEST_TMPDIR/queue" full
    [ "${lines[0]}" = "0 0 0 1 1 length 3" ]
    [ "${lines[*]:1}" = "put says 0 0 1 2 0" ]
}

@test "a closed queue takes nothing, gives what is left, and then says that this was all" {
    compile_queue
    [ "$(in_time "$BATS_TEST_TMPDIR/queue" close)" = "2 2, 1 1 1 1" ]
}

# all_wait PID N: for poll_until. N threads and the first sleep.
all_wait() {
    local task asleep=0
    for task in "/proc/$1/task/"*; do
        if [[ $(sed 's/.*) //; s/ .*//' "$task/stat") = S ]]; then asleep=$((asleep + 1)); fi
    done
    ((asleep > $2))
}

@test "closing a queue wakes up everybody who sleeps in it, whether putting or taking" {
    local says pid
    compile_queue
    for says in "sleepers take says the end" "putters put says 2"; do
        mkfifo "$BATS_TEST_TMPDIR/go.${says%% *}"
        "$BATS_TEST_TMPDIR/queue" "${says%% *}" <"$BATS_TEST_TMPDIR/go.${says%% *}" \
            >"$BATS_TEST_TMPDIR/said" 3>&- 4>&- &
        pid=$!
        exec 8>"$BATS_TEST_TMPDIR/go.${says%% *}"
        poll_until 5 all_wait "$pid" 4
        exec 8>&-
        poll_until 5 gone "$pid"
        wait "$pid"
        [ "$(sort "$BATS_TEST_TMPDIR/said" | uniq -c | sed 's/^ *//')" = "4 ${says#* }" ]
    done
}

@test "four threads put and four take: each request is taken once, and never are there too many" {
    compile_queue
    run -0 in_time "$BATS_TEST_TMPDIR/queue" many
    [ "$output" = "0 wrong, at most 3 in it: 1, 4 have heard the end" ]
}

# ---- threads ----

@test "two threads have a stack each, and the rest together" {
    run -0 "$BUILD/$here/two-threads"
    [ "$(grep -o 'sum at [^,]*' <<<"$output" | sort -u | wc -l)" = 2 ]
    [ "$(grep -o 'calls at .*' <<<"$output" | sort -u | wc -l)" = 1 ]
    [ "$(grep -o '^thread [0-9]*' <<<"$output" | sort -u | wc -l)" = 2 ]
    [[ ${lines[2]} = *"both together 500500, in 2 calls" ]]
}

@test "threads that count in one variable lose some; with a mutex or an atomic they lose nothing" {
    local means
    for means in mutex atomic; do
        run -0 "$BUILD/$here/count-together" -m $means -n 100000 -t 4
        [[ $output = *"counted 400000, lost 0,"* ]]
    done
    if with_tsan; then return 0; fi # the race is a failure there, see the next test
    poll_until 10 loses_some
}

# On a busy machine one thread may, once, be through before the other begins.
loses_some() {
    run -0 "$BUILD/$here/count-together"
    [[ $output =~ lost\ ([0-9]+), ]] && ((BASH_REMATCH[1] > 0))
}

@test "ThreadSanitizer names the two lines of the race, and has nothing to say about the others" {
    local means tsan=$BATS_TEST_TMPDIR/tsan
    command -v clang >/dev/null || skip "clang is not installed"
    cd "$TOP"
    clang -std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=thread -pthread -Ilib -o "$tsan" \
        "chapters/$here/count-together.c" lib/{args,error,clock}.c
    run -99 setarch -R "$tsan" -n 10000
    [[ $output = *"WARNING: ThreadSanitizer: data race"*"of size 8"*"with_none"*"count-together.c:"* ]]
    for means in mutex atomic; do
        run -0 setarch -R "$tsan" -n 10000 -m $means
        [[ $output != *ThreadSanitizer* ]]
    done
}

# ---- conditions: the same test on the twin and on the exhibit ----

no_more_than_came() {
    local output
    output=$("$BUILD/$here/$1") || { echo "$output" && return 1; }
    [[ $output = *"2 things came, 2 were taken; there were never fewer than 0" ]]
}

@test "a thread that wakes up looks again; bad-if-instead-of-while takes what is not there" {
    no_more_than_came hand-over
    run -1 no_more_than_came bad-if-instead-of-while
    [[ $output = *"one thing has come; 2 wake up"*"; -1 left"* ]]
}

wakes_up() {
    local output
    output=$("$BUILD/$here/$1" -t "$2") || { echo "$output" && return 1; }
    [[ $output = *"worker: there is work"* ]]
}

@test "work that comes between look and sleep wakes the worker; with bad-lost-wakeup it sleeps on" {
    wakes_up wake-up 60 3>&- 4>&- &
    run -1 wakes_up bad-lost-wakeup 1
    [[ $output = *"after 1 s the worker still sleeps, and there is work" ]]
    wait $!
}

stays_bounded() {
    local output
    output=$("$BUILD/$here/$1") || { echo "$output" && return 1; }
    [[ $output = *"producers .."*"room for 20: at most 20 in the queue,"* ]]
}

@test "producers that are too fast wait; with bad-unbounded-queue the queue and the waiting grow" {
    stays_bounded bounded-queue 3>&- 4>&- &
    run -1 stays_bounded bad-unbounded-queue
    [[ ${lines[-1]} =~ "room for 20: at most "([0-9]+)" in the queue" ]]
    ((BASH_REMATCH[1] > 20))
    wait $!
}

# sleeps_in FUNCTION: for poll_until. A thread of $lost waits there for a condition.
sleeps_in() {
    run gdb -nx -p "$lost" -batch -ex "thread apply all bt"
    [[ $output = *"pthread_cond_wait"*" in $1 ("* ]]
}

@test "gdb shows where each thread sleeps, also that of bad-lost-wakeup" {
    command -v gdb >/dev/null || skip "gdb is not installed"
    [[ $BUILD != *san* ]] || skip "a sanitizer's threads are others"
    start_server $here/store -w 2
    poll_until 5 all_wait "$SERVER" 2
    run gdb -nx -p "$SERVER" -batch -ex "thread apply all bt"
    ((status == 0)) || skip "gdb may not look at another process"
    [ "$(grep -c ' in work (' <<<"$output")" = 2 ]
    [ "$(grep -c ' in queue_take (' <<<"$output")" = 2 ]
    [ "$(grep -c ' in peers_turn (' <<<"$output")" = 1 ]

    "$BUILD/$here/bad-lost-wakeup" -t 600 >"$BATS_TEST_TMPDIR/said" 3>&- 4>&- &
    lost=$!
    poll_until 5 all_wait "$lost" 1
    poll_until 5 sleeps_in wait_for_work
    kill "$lost"
}

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
    stop_server
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
