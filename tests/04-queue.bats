load lib/servers
load lib/compile
teardown() { end_servers; }

here=04-anatomy

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
