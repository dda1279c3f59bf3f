load lib/servers
load lib/compile
teardown() { end_servers; }

here=07-thread-pool

# in_time COMMAND...: a pool that is wrong may be one in which somebody sleeps for ever.
in_time() {
    timeout $((10 * MICROSECONDS / 1000000)) "$@"
}

# ---- the pool of lib/ ----

# compile_pool: `pool CASE` prints what the calls of thread_pool.h have said.
compile_pool() {
    [[ ! -x $BATS_FILE_TMPDIR/pool ]] || return 0
    compile pool <<'END_OF_C'
#include "clock.h"
#include "thread_pool.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
enum { THREADS = 4, EACH = 5000 };
static struct thread_pool *p;
static struct thing {
    struct task task;
    atomic_int run, dropped;
    int order;
} things[THREADS * EACH];
static atomic_int ran, at_once, most_at_once, order, late;
static sem_t go, begun;
static void
run(void *own)
{
    struct thing *t = own;

    t->run++;
    t->order = order++;
    ran++;
}
static void
run_held(void *own)
{
    int now = ++at_once, most = most_at_once;

    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now))
        ;
    sem_post(&begun);
    sem_wait(&go);
    at_once--;
    run(own);
}
static void
drop(void *own)
{
    ((struct thing *)own)->dropped++;
}
static struct task *
thing(int i, void (*how)(void *))
{
    things[i].task = (struct task){how, drop, &things[i]};
    return &things[i].task;
}
/* How many of the first `count` were run, how many dropped, and were all of them either, once? */
static void
tell(int count)
{
    int were_run = 0, were_dropped = 0, once = 0;

    for (int i = 0; i < count; i++) {
        were_run += things[i].run;
        were_dropped += things[i].dropped;
        once += things[i].run + things[i].dropped == 1;
    }
    printf("%d run, %d dropped, each once: %d", were_run, were_dropped, once == count);
}
/* Holds `count` workers with the things from `from` on. */
static void
hold(int from, int count)
{
    for (int i = 0; i < count; i++)
        thread_pool_submit(p, thing(from + i, run_held));
    for (int i = 0; i < count; i++)
        sem_wait(&begun);
}
static void
release(int count)
{
    for (int i = 0; i < count; i++)
        sem_post(&go);
}
static void *
submit_many(void *from)
{
    for (int i = 0; i < EACH; i++)
        thread_pool_submit(p, thing((int)((struct thing *)from - things) + i, run));
    return NULL;
}
static void *
submit_one(void *unused)
{
    printf("submit says %d, ", thread_pool_submit(p, thing(9, run)));
    return unused;
}
static void *
twice(void *number)
{
    *(int *)number *= 2;
    return number;
}
static void
post(void *unused)
{
    (void)unused;
    sem_post(&begun);
}
static void
free_itself(void *own)
{
    free(own);
    sem_post(&begun);
}
static void
submit_itself(void *own)
{
    struct thing *t = own;

    if (++t->run < 1000)
        thread_pool_submit(p, &t->task);
    else
        sem_post(&begun);
}
static void *
release_late(void *unused)
{
    sleep_ms(100);
    late = 1;
    release(THREADS);
    return unused;
}
/* The threads' names, sorted; but that of the first. */
static void
print_names(void)
{
    struct dirent **tasks;
    int count = scandir("/proc/self/task", &tasks, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char path[300], name[64] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", tasks[i]->d_name);
        if (tasks[i]->d_name[0] != '.' && atoi(tasks[i]->d_name) != getpid() && (file = fopen(path, "r"))) {
            if (fscanf(file, "%63s", name) == 1 && strcmp(name, "pool") != 0)
                printf("%s ", name);
            fclose(file);
        }
        free(tasks[i]);
    }
    free(tasks);
}
int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    pthread_t t[THREADS];

    sem_init(&go, 0, 0);
    sem_init(&begun, 0, 0);
    p = thread_pool_open(strcmp(what, "names") == 0 ? "elephantine" : "w", argc > 2 ? (size_t)atoi(argv[2]) : THREADS, 10);
    if (strcmp(what, "many") == 0) {
        for (int i = 0; i < THREADS; i++)
            pthread_create(&t[i], NULL, submit_many, things + i * EACH);
        for (int i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
        thread_pool_shutdown(p, SHUTDOWN_DRAIN);
        tell(THREADS * EACH);
    }
    if (strcmp(what, "order") == 0) {
        int wrong = 0;

        for (int i = 0; i < 100; i++)
            thread_pool_submit(p, thing(i, run));
        thread_pool_shutdown(p, SHUTDOWN_DRAIN);
        for (int i = 0; i < 100; i++)
            wrong += things[i].order != i;
        printf("%d out of order", wrong);
    }
    if (strcmp(what, "full") == 0) {
        hold(100, THREADS);
        for (int i = 0; i < 9; i++)
            thread_pool_submit(p, thing(i, run));
        printf("%d ", thread_pool_try_submit(p, thing(10, run)));
        printf("%d ", thread_pool_try_submit(p, thing(11, run)));
        printf("waiting %zu, active %zu, workers %zu, ", thread_pool_waiting(p), thread_pool_active(p),
               thread_pool_workers(p));
        pthread_create(&t[0], NULL, submit_one, NULL); /* sleeps, whether at once or later */
        release(THREADS);
        pthread_join(t[0], NULL);
        thread_pool_shutdown(p, SHUTDOWN_DRAIN);
        tell(11);
    }
    if (strcmp(what, "drain") == 0 || strcmp(what, "drop") == 0) {
        int waited;

        hold(0, THREADS);
        for (int i = THREADS; i < THREADS + 10; i++)
            thread_pool_submit(p, thing(i, run));
        things[5].task.drop = NULL;
        things[5].dropped = strcmp(what, "drop") == 0;
        pthread_create(&t[0], NULL, release_late, NULL);
        thread_pool_shutdown(p, strcmp(what, "drain") == 0 ? SHUTDOWN_DRAIN : SHUTDOWN_DROP);
        waited = late;
        pthread_join(t[0], NULL);
        tell(THREADS + 10);
        printf(", it was waited for: %d", waited);
        printf(", then %d", thread_pool_submit(p, thing(50, run)));
        printf(" %d, workers %zu", thread_pool_try_submit(p, thing(50, run)), thread_pool_workers(p));
        printf(", active %zu", thread_pool_active(p));
    }
    if (strcmp(what, "future") == 0) {
        int numbers[10];
        struct future futures[10] = {0}, dropped = {.compute = twice, .argument = numbers};

        for (int i = 0; i < 10; i++) {
            numbers[i] = i;
            futures[i].compute = twice;
            futures[i].argument = &numbers[i];
            future_submit(p, &futures[i]);
        }
        for (int i = 9; i >= 0; i--) {
            bool computed = future_wait(&futures[i]);

            printf("%d:%d ", computed, *(int *)futures[i].result);
        }
        hold(0, THREADS);
        future_submit(p, &dropped);
        pthread_create(&t[0], NULL, release_late, NULL);
        thread_pool_shutdown(p, SHUTDOWN_DROP);
        pthread_join(t[0], NULL);
        printf("dropped: %d ", future_wait(&dropped));
        printf("closed: %d", future_submit(p, &dropped) == QUEUE_CLOSED);
    }
    if (strcmp(what, "resize") == 0) {
        printf("%zu ", thread_pool_resize(p, 7));
        hold(0, 7);
        release(7);
        for (int i = 10; i < 20; i++)
            thread_pool_submit(p, thing(i, run));
        printf("%zu ", thread_pool_resize(p, 2));
        most_at_once = 0;
        for (int i = 20; i < 26; i++)
            thread_pool_submit(p, thing(i, run_held));
        sem_wait(&begun);
        sem_wait(&begun);
        printf("%zu wait, %d run; ", thread_pool_waiting(p), most_at_once);
        release(6);
        printf("%zu ", thread_pool_resize(p, 1));
        printf("%zu: ", thread_pool_resize(p, 3));
        thread_pool_submit(p, thing(30, run));
        thread_pool_shutdown(p, SHUTDOWN_DRAIN);
        for (int i = 7; i < 10; i++)
            things[i].run = 1;
        tell(26);
        printf(", at most %d at once", most_at_once);
    }
    if (strcmp(what, "busy-resize") == 0) { /* while others submit */
        pthread_create(&t[0], NULL, submit_many, things);
        for (int i = 0; i < 50; i++)
            thread_pool_resize(p, (size_t)(1 + i % THREADS));
        pthread_join(t[0], NULL);
        thread_pool_shutdown(p, SHUTDOWN_DRAIN);
        tell(EACH);
    }
    if (strcmp(what, "again") == 0) {
        struct task *own = malloc(sizeof *own);

        *own = (struct task){.run = free_itself, .owner = own};
        thread_pool_submit(p, own);
        thread_pool_submit(p, thing(0, submit_itself));
        sem_wait(&begun);
        sem_wait(&begun);
        printf("%d times", things[0].run);
    }
    if (strcmp(what, "names") == 0) {
        thread_pool_resize(p, 3);
        thread_pool_resize(p, 11);
        print_names();
    }
    if (strcmp(what, "idle") == 0) {
        struct task last = {.run = post};

        thread_pool_submit(p, &last);
        sem_wait(&begun);
        getchar();
    }
    if (strcmp(what, "no-threads") == 0) {
        size_t now = thread_pool_resize(p, 1000);

        printf("%d %s", now < 1000, strerrorname_np(errno));
    }
    thread_pool_shutdown(p, SHUTDOWN_DRAIN);
    thread_pool_free(p);
    puts("");
    return 0;
}
END_OF_C
    mv "$BATS_TEST_TMPDIR/pool" "$BATS_FILE_TMPDIR"
}

# pool_says CASE [WORKERS] WORDS: exactly these.
pool_says() {
    run -0 in_time "$BATS_FILE_TMPDIR/pool" "${@:1:$#-1}"
    echo "$1: $output"
    [ "$output" = "${!#}" ]
}

@test "four threads submit 5,000 tasks each, and four workers run each of them once" {
    compile_pool
    pool_says many "20000 run, 0 dropped, each once: 1"
}

@test "tasks begin in the order in which they were submitted, and may submit themselves or be freed" {
    compile_pool
    pool_says order 1 "0 out of order"
    pool_says again "1000 times"
}

@test "a full pool says so to callers that do not wait, and lets one that waits in later" {
    compile_pool
    pool_says full \
        "0 1 waiting 10, active 4, workers 4, submit says 0, 11 run, 0 dropped, each once: 1"
}

@test "a shutdown drains or drops: what waits is run or dropped, once, and what has begun is ended" {
    compile_pool
    pool_says drain "14 run, 0 dropped, each once: 1, it was waited for: 1, then 2 2, workers 0, active 0"
    pool_says drop "4 run, 10 dropped, each once: 1, it was waited for: 1, then 2 2, workers 0, active 0"
}

@test "a future has its result when it has been waited for; a dropped one has none, and says so" {
    compile_pool
    pool_says future "1:18 1:16 1:14 1:12 1:10 1:8 1:6 1:4 1:2 1:0 dropped: 0 closed: 1"
}

@test "a pool grows and shrinks, also while others submit, and no task is lost" {
    compile_pool
    pool_says resize "7 2 4 wait, 2 run; 1 3: 26 run, 0 dropped, each once: 1, at most 2 at once"
    pool_says busy-resize "5000 run, 0 dropped, each once: 1"
}

@test "workers have names, cut so that the number is still there" {
    local i names=()
    compile_pool
    for i in {5..12}; do names+=("elephantin-$i"); done
    run -0 in_time "$BATS_FILE_TMPDIR/pool" names
    echo "$output"
    [ "$(tr ' ' '\n' <<<"$output" | grep -c '^elephantin-[0-9]*$')" = 11 ]
    [[ $output = *"${names[*]} " ]]
}

# used PID: context switches of all threads so far: nobody looks whether there is something to do.
used() {
    awk '/ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$1/task/"*/status
}

@test "idle workers sleep, and nothing wakes them up" {
    local pid before
    compile_pool
    [[ $BUILD != *san* ]] || return 0 # a thread of the sanitizer wakes up
    mkfifo "$BATS_TEST_TMPDIR/end"
    "$BATS_FILE_TMPDIR/pool" idle <"$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/said" 3>&- 4>&- &
    pid=$!
    exec 8>"$BATS_TEST_TMPDIR/end"
    poll_until 5 all_wait "$pid" 4
    before=$(used "$pid")
    read -rt 0.3 -u 8 || true
    [ "$(used "$pid")" = "$before" ]
    exec 8>&-
    wait "$pid"
}

@test "without room for another thread a pool does not grow, and says so; a new one ends the program" {
    [[ $BUILD != *san* ]] || return 0 # a sanitizer needs all addresses
    compile_pool
    ulimit -v 300000 # kB; a thread's stack is 8,192 of them
    pool_says no-threads 2 "1 EAGAIN"
    run -1 "$BATS_FILE_TMPDIR/pool" many 1000
    [ "$output" = "pool: pthread_create: Resource temporarily unavailable (EAGAIN): w" ]
}

# ---- who gets the task ----

# figures LINE: what stands in it: work of each, most/mean, wait, all.
figures() {
    sed -n "s/^$1  *\([0-9].*\)/\1/p" <<<"$output" | tr -s ' '
}

@test "dealt in turn, all long tasks go to one worker; by lot, one has less than half as much as others" {
    run -0 in_time "$BUILD/$here/choose" -n 40 "round robin"
    [[ $(figures "round robin") = "400 40 40 40 3.08 "* ]]
    run -0 in_time "$BUILD/$here/choose" -n 40 random
    [[ $(figures random) = "160 160 140 60 1.23 "* ]]
}

# share WAY: of all work, percent of the busiest worker.
share() {
    figures "$1" | awk '{ print int(100 * $1 / ($1 + $2 + $3 + $4)) }'
}

@test "with the shortest queue, and with one that is shared, no worker does the most of it" {
    for _ in 1 2 3; do # who is free first the machine decides, too
        run -0 in_time "$BUILD/$here/choose" -n 40
        echo "$output"
        (($(share "least loaded") > 50 || $(share "one shared queue") > 50)) || break
    done
    [ "$(share "round robin")" = 76 ]
    (($(share "least loaded") <= 50))
    (($(share "one shared queue") <= 50))
    [ "$(awk 'NR > 1 { print $(NF - 8) + $(NF - 7) + $(NF - 6) + $(NF - 5) }' <<<"$output" |
        sort -u | paste -sd ' ')" = 520 ]
}

@test "the queues can be drawn while they are worked off, and only those of one way" {
    run -0 in_time "$BUILD/$here/choose" -n 40 -b 20 "round robin"
    grep -qE '^ *[0-9]+ ms [|]###+ *[|][ #]*[|][ #]*[|][ #]*[|]$' <<<"$output"
    [[ ${lines[-1]} = "round robin"*3.08* ]]
    run -2 in_time "$BUILD/$here/choose" shared
    [ "${lines[-1]}" = 'choose: there is no way called "shared"' ]
}

@test "a worker with nothing left to do steals, and then none does the most of it" {
    run -0 in_time "$BUILD/$here/steal" -n 40
    [[ $(figures "its own") = "400 40 40 40 3.08 "* ]]
    (($(share "its own, or steals") <= 50))
    [[ ${lines[-1]} =~ ^([0-9]+)" of 40 tasks were stolen"$ ]]
    ((BASH_REMATCH[1] >= 3))
}

# ---- how many, and at what price ----

@test "tasks that wait gain by every worker, far beyond the CPUs; N and N+1 are told" {
    local n
    n=$(nproc)
    run -0 in_time "$BUILD/$here/sizing" -w 16 -n 20 -r 1
    echo "$output"
    [[ ${lines[0]} = "N = $n CPUs"* ]]
    [[ $output = *" $n workers N "*" $((n + 1)) workers N+1 "* ]]
    awk '$1 == 16 { exit !($(NF - 1) > 3) }' <<<"$output"
    run -0 in_time taskset -c 0 "$BUILD/$here/sizing" -w 2 -n 1 -r 1
    [[ ${lines[1]} = *"1 workers N "* && ${lines[2]} = *"2 workers N+1 "* ]]
}

@test "the sizes can be drawn: two lines, and marks at N and N+1" {
    run -0 in_time "$BUILD/$here/sizing" -w 4 -n 4 -r 1 -s
    [[ $output = "<svg "*">N</text>"*">N+1</text>"*"tasks that compute"*"tasks that wait 5 ms"*"</svg>" ]]
    [ "$(grep -c '<path class="line' <<<"$output")" = 2 ]
    [[ $output != *nan* && $output != *inf* ]]
}

@test "create-or-submit compares one at a time and a hundred at a time" {
    local line
    run -0 in_time "$BUILD/$here/create-or-submit" -n 200
    for line in "  1 at a time" "100 at a time"; do
        [[ $output =~ $'\n'"$line"\ +[0-9]+\ ns\ +[0-9]+\ ns\ +[0-9]+\.[0-9] ]]
    done
}

# ---- exhibits: the same test on the twin and on the exhibit ----

does_what_it_has_taken() {
    local output
    output=$(in_time "$BUILD/$here/$1") || { echo "$output" && return 1; }
    [[ $output = *"12 were taken, 12 were done, 0 are lost" ]]
}

@test "what has been taken is done before the end; bad-shutdown-loses-task goes and leaves it" {
    does_what_it_has_taken drain
    run -1 does_what_it_has_taken bad-shutdown-loses-task
    [[ $output = *"12 were taken, 3 were done, 9 are lost" ]]
}

several_wait_at_once() {
    local output
    output=$(in_time "$BUILD/$here/$1") || return
    echo "$output"
    [[ $output = *"the sum is 1640,"*"at most "[2-4]" waited at once" ]]
}

@test "tasks wait side by side; with bad-lock-held-in-task one after the other" {
    several_wait_at_once shared-result
    run -1 several_wait_at_once bad-lock-held-in-task
    [[ $output = *"the sum is 1640,"*"at most 1 waited at once" ]]
}

makes_all_pages() {
    local output
    output=$(in_time "$BUILD/$here/$1" -t "$2") || { echo "$output" && return 1; }
    [[ $output = *"page "[AB]" is made"*"page "[AB]" is made" ]]
}

@test "tasks may wait for tasks of another pool; bad-waits-on-itself waits for its own, for ever" {
    makes_all_pages two-pools 60
    run -1 makes_all_pages bad-waits-on-itself 1
    [[ $output = *"no page is made: 2 of 2 workers are busy, 2 tasks wait" ]]
}

# ---- the server ----

# thinks_at_once FILE: how many workers slept at the same time at most, by its trace.
thinks_at_once() {
    tr '{' '\n' <"$1" | sed -n 's/.*"ts":\([0-9.]*\),"dur":\([0-9.]*\),.*"name":"nanosleep".*/\1 \2/p' |
        awk '{ printf "%.3f 1\n%.3f -1\n", $1, $1 + $2 }' | sort -n |
        awk '{ now += $2; if (now > most) most = now } END { print most + 0 }'
}

@test "as many clients are thought about at once as there are workers" {
    local workers
    for workers in 1 3; do
        TRACE=$BATS_TEST_TMPDIR/trace.json start_server $here/pool -w $workers -s 100
        talk <<<'A*6 connect
                 A send "hello\n"
                 A recv "hello\n"'
        stop_server
        [ "$(thinks_at_once "$BATS_TEST_TMPDIR/trace.json")" = $workers ]
        rm "$BATS_TEST_TMPDIR/trace.json"
    done
}

# states: the workers of the server, each with its state, as top -H shows it.
states() {
    local task
    for task in "/proc/$SERVER/task/"*; do
        echo "$(<"$task/comm") $(sed 's/.*) //; s/ .*//' "$task/stat")"
    done | sort | paste -sd ' '
}

states_are() {
    [[ $(states) = "$1" ]]
}

@test "the workers stand in top -H by their names, and sleep" {
    if with_tsan; then return 0; fi # a sanitizer has a thread of its own
    start_server $here/pool -w 3
    poll_until 5 states_are "pool S worker-1 S worker-2 S worker-3 S"
    stop_server
}

@test "pool speaks http as well as echo" {
    mkdir "$BATS_TEST_TMPDIR/files"
    printf 'hello\n' >"$BATS_TEST_TMPDIR/files/a.txt"
    start_server $here/pool -P http -d "$BATS_TEST_TMPDIR/files"
    run -0 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/a.txt"
    [[ $output = *hello* ]]
    stop_server
}

@test "a peer that sends and never reads is not read from any more, and no worker waits for it" {
    start_server $here/pool -w 1
    talk <<<'A connect
             A fill
             B connect
             B echo "hello" * 1000
             A close'
    stop_server
}

# compile_slow_bell: the server, but a worker falls asleep between giving a peer back and ringing.
compile_slow_bell() {
    compile slow-bell <<END
#include "clock.h"
#include <sys/eventfd.h>
#include <unistd.h>
static int
ring_late(int fd, eventfd_t value)
{
    if (gettid() != getpid())
        sleep_ms(500);
    return eventfd_write(fd, value);
}
#define eventfd_write ring_late
#include "$TOP/chapters/$here/pool/peers.c"
#pragma GCC diagnostic ignored "-Wshadow"
#include "$TOP/chapters/$here/pool/main.c"
END
}

@test "the end comes while a worker has given its peer back and not rung yet: that harms nobody" {
    compile_slow_bell
    start_server "$BATS_TEST_TMPDIR/slow-bell"
    talk <<<'A connect
             A close'
    stop_server
}
