/*
 * 3-channel.c - calls the functions of channel.h from many threads
 *
 * usage: channel SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was done and what was expected.
 */
#include "clock.h"
#include "error.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct channel;
struct channel *channel_open(size_t room);
enum channel_result { CHANNEL_DONE, CHANNEL_TIMEOUT, CHANNEL_CLOSED };
enum channel_result channel_put(struct channel *c, void *item, int ms);
enum channel_result channel_take(struct channel *c, void **item, int ms);
void channel_close(struct channel *c);
void channel_free(struct channel *c);

enum { STILL_MS = 300, SHORT_MS = 200, LONG_MS = 1001, THREADS = 4 };

static const char *const names[] = {"CHANNEL_DONE", "CHANNEL_TIMEOUT", "CHANNEL_CLOSED"};
static char items[100]; /* what is put in: pointers to these */
static char untouched;
static struct channel *c;

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    fflush(stdout);
    _exit(1); /* others may be asleep */
}

static void
did(const char *what)
{
    printf("did: %s\n", what);
    fflush(stdout);
}

/* ---- calls by this thread ---- */

static const char *
name_of(const void *item)
{
    static _Thread_local char name[30];

    if (!item)
        return "NULL";
    if (item == &untouched)
        return "untouched";
    snprintf(name, sizeof name, "item %d", (int)((const char *)item - items));
    return name;
}

static const char *
name_of_result(enum channel_result result)
{
    return result <= CHANNEL_CLOSED ? names[result] : "another number";
}

static void
put(int item, int ms, enum channel_result expected)
{
    char should[80];
    enum channel_result result = channel_put(c, &items[item], ms);

    snprintf(should, sizeof should, "channel_put() of item %d, %d ms: %s", item, ms,
             names[expected]);
    if (result != expected)
        wrong(should, name_of_result(result));
}

static void
take(const void *item, int ms, enum channel_result expected)
{
    char should[100], got[100];
    void *came = &untouched;
    enum channel_result result = channel_take(c, &came, ms);

    snprintf(should, sizeof should, "channel_take(), %d ms: %s, %s", ms, names[expected],
             name_of(expected == CHANNEL_DONE ? item : &untouched));
    snprintf(got, sizeof got, "%s, %s", name_of_result(result), name_of(came));
    if (result != expected || came != (expected == CHANNEL_DONE ? item : &untouched))
        wrong(should, got);
}

/* ---- a call by a thread of its own ---- */

struct call {
    const char *does;
    bool takes;
    int ms;
    struct channel *channel;
    void *item; /* what it puts in, or has taken */
    enum channel_result result;
    int64_t took;
    pthread_t thread;
    atomic_int tid;
    atomic_bool back;
};

static struct call *calls[20];
static int count;
static atomic_long progress; /* of whatever is not a call */

static void *
run(void *argument)
{
    struct call *call = argument;
    int64_t since = now_ns();

    if (!call->channel)
        call->channel = c;
    call->tid = gettid();
    call->result = call->takes ? channel_take(call->channel, &call->item, call->ms)
                               : channel_put(call->channel, call->item, call->ms);
    call->took = now_ns() - since;
    call->back = true;
    return NULL;
}

static void
start_thread(pthread_t *thread, void *(*function)(void *), void *argument)
{
    errno = pthread_create(thread, NULL, function, argument);
    if (errno)
        fail("pthread_create", NULL);
}

static void
start(struct call *call)
{
    calls[count++] = call;
    start_thread(&call->thread, run, call);
}

/* The state of a thread, and how often it went to sleep so far; see proc(5). */
static char
state_of(int tid, long *sleeps)
{
    char name[60], line[200], state = '?';
    FILE *file;

    snprintf(name, sizeof name, "/proc/self/task/%d/status", tid);
    file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "State: %c", &state);
        if (sleeps)
            sscanf(line, "voluntary_ctxt_switches: %ld", sleeps);
    }
    if (file)
        fclose(file);
    return state;
}

/* Waits until each is back, or has been asleep for so long that nobody can be about to wake it. */
static void
settle(int still_ms)
{
    int64_t since = now_ns();
    long before = progress;

    while (now_ns() - since < still_ms * NS_PER_MS) {
        sleep_ms(2);
        if (progress != before)
            since = now_ns();
        before = progress;
        for (int i = 0; i < count; i++)
            if (!calls[i]->back && state_of(calls[i]->tid, NULL) != 'S')
                since = now_ns();
    }
}

static void
sleeps(const struct call *call, const char *why)
{
    char expected[200], got[100];

    settle(50);
    if (!call->back)
        return;
    snprintf(expected, sizeof expected, "%s sleeps: %s", call->does, why);
    snprintf(got, sizeof got, "it was back after %.3f ms, with %s", (double)call->took / NS_PER_MS,
             name_of_result(call->result));
    wrong(expected, got);
}

/* Its call returns: else everybody sleeps, and will for ever. */
static void
returns(struct call *call, enum channel_result result, const char *why)
{
    char expected[200];

    for (int i = 0; i < STILL_MS / 3 && !call->back; i++)
        sleep_ms(1);
    if (!call->back)
        settle(STILL_MS);
    snprintf(expected, sizeof expected, "%s returns %s: %s", call->does, names[result], why);
    if (!call->back)
        wrong(expected, "it sleeps, and nobody is left who will wake it up");
    if (call->result != result)
        wrong(expected, name_of_result(call->result));
    pthread_join(call->thread, NULL);
}

/* For 200 ms, while nothing happens. */
static void
sleeps_soundly(const struct call *call)
{
    long before = 0, after = 0;
    char got[100];

    state_of(call->tid, &before);
    sleep_ms(200);
    if (state_of(call->tid, &after) != 'S')
        wrong("it sleeps", "it uses the CPU");
    snprintf(got, sizeof got, "it has been awake %ld times in 200 ms", after - before);
    if (after - before > 2)
        wrong("it sleeps until somebody wakes it up", got);
}

/* ---- a wake-up for no reason, as pthread_cond_wait(3) allows ---- */

typedef int wait_function(pthread_cond_t *, pthread_mutex_t *);
typedef int timed_function(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
typedef int clock_function(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);

/* TSan has functions of its own for these; then they are the ones to be called. */
wait_function __interceptor_pthread_cond_wait __attribute__((weak));
timed_function __interceptor_pthread_cond_timedwait __attribute__((weak));
clock_function __interceptor_pthread_cond_clockwait __attribute__((weak));

static _Atomic(pthread_cond_t *) slept_on; /* last */
static atomic_bool drowsy;                 /* whoever is woken up does not get to the lock yet */

/* A wake-up may take its time: no caller can tell, as none returns before it has the lock again. */
static int
come_back(pthread_mutex_t *mutex, int result)
{
    if (drowsy) {
        pthread_mutex_unlock(mutex);
        while (drowsy)
            sleep_ms(1);
        pthread_mutex_lock(mutex);
    }
    return result;
}

int
pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    wait_function *real = __interceptor_pthread_cond_wait;

    slept_on = cond;
    if (!real)
        real = (wait_function *)dlsym(RTLD_NEXT, "pthread_cond_wait");
    return come_back(mutex, real(cond, mutex));
}

int
pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *end)
{
    timed_function *real = __interceptor_pthread_cond_timedwait;

    slept_on = cond;
    if (!real)
        real = (timed_function *)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return come_back(mutex, real(cond, mutex, end));
}

int
pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                       const struct timespec *end)
{
    clock_function *real = __interceptor_pthread_cond_clockwait;

    slept_on = cond;
    if (!real)
        real = (clock_function *)dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    return come_back(mutex, real(cond, mutex, clock, end));
}

/* Whoever sleeps wakes up, and nothing has changed. */
static void
wake_for_nothing(void)
{
    if (slept_on)
        pthread_cond_broadcast(slept_on);
}

/* ---- the plays ---- */

static void
play_order(void)
{
    did("a channel with room for 3; put in 3 items, took them out, 20 times");
    c = channel_open(3);
    if (!c)
        wrong("a channel", "NULL");
    for (int i = 0; i < 60; i += 3) {
        for (int j = i; j < i + 3; j++)
            put(j, -1, CHANNEL_DONE);
        for (int j = i; j < i + 3; j++)
            take(&items[j], -1, CHANNEL_DONE);
        put(i, 0, CHANNEL_DONE); /* so that it begins in another place each time */
        take(&items[i], 0, CHANNEL_DONE);
    }
    channel_free(c);
}

static void
play_null(void)
{
    did("put in NULL, item 1, NULL; then closed it");
    c = channel_open(5);
    if (channel_put(c, NULL, 0) != CHANNEL_DONE)
        wrong("channel_put() of NULL: CHANNEL_DONE", "something else");
    put(1, 0, CHANNEL_DONE);
    if (channel_put(c, NULL, 0) != CHANNEL_DONE)
        wrong("channel_put() of NULL: CHANNEL_DONE", "something else");
    take(NULL, 0, CHANNEL_DONE);
    channel_close(c);
    take(&items[1], 0, CHANNEL_DONE);
    take(NULL, -1, CHANNEL_DONE);
    take(NULL, -1, CHANNEL_CLOSED);
    channel_free(c);
}

static void
play_full(void)
{
    struct call putter = {.does = "channel_put(c, item 9, -1)", .ms = -1, .item = &items[9]};

    did("a channel with room for 3; put in item 0, 1, 2");
    c = channel_open(3);
    for (int i = 0; i < 3; i++)
        put(i, 0, CHANNEL_DONE);
    put(3, 0, CHANNEL_TIMEOUT);
    did("in another thread: channel_put(c, item 9, -1)");
    start(&putter);
    sleeps(&putter, "there is no room");
    did("woke it up for no reason");
    wake_for_nothing();
    sleeps(&putter, "there is no room");
    sleeps_soundly(&putter);
    did("took one");
    take(&items[0], 0, CHANNEL_DONE);
    returns(&putter, CHANNEL_DONE, "now there is room");
    put(3, 0, CHANNEL_TIMEOUT);
    take(&items[1], 0, CHANNEL_DONE);
    take(&items[2], 0, CHANNEL_DONE);
    take(&items[9], 0, CHANNEL_DONE);
    take(NULL, 0, CHANNEL_TIMEOUT);
    channel_free(c);
}

/* Puts an item in and takes it out again, before whoever sleeps for it has come. */
static bool
puts_and_steals(void)
{
    void *item;

    progress++;
    return channel_put(c, &items[5], 0) == CHANNEL_DONE &&
           channel_take(c, &item, 0) == CHANNEL_DONE;
}

static void
play_empty(void)
{
    struct call taker = {.does = "channel_take(c, &item, -1)", .ms = -1, .takes = true};
    struct call other = taker;

    did("in another thread: channel_take(c, &item, -1)");
    c = channel_open(3);
    start(&taker);
    sleeps(&taker, "there is no item");
    sleeps_soundly(&taker);
    did("put in item 7");
    put(7, 0, CHANNEL_DONE);
    returns(&taker, CHANNEL_DONE, "now there is an item");
    if (taker.item != &items[7])
        wrong("it has taken item 7", name_of(taker.item));
    did("in another thread: channel_take(c, &item, -1)");
    start(&other);
    sleeps(&other, "there is no item");
    did("woke it up for no reason");
    wake_for_nothing();
    sleeps(&other, "there is no item");
    did("put in item 5, and took it out again before the other could, 100 times");
    for (int i = 0; i < 100 && puts_and_steals(); i++)
        sleep_ms(1);
    settle(50);
    if (!other.back)
        put(5, 0, CHANNEL_DONE); /* else it was faster once, and has item 5 already */
    returns(&other, CHANNEL_DONE, "now there is an item");
    if (other.item != &items[5])
        wrong("it has taken item 5", name_of(other.item));
    take(NULL, 0, CHANNEL_TIMEOUT);
    channel_free(c);
}

/* The first to wake up comes when both places are free, or both items there: two are for two. */
static void
play_two(struct call sleepers[2], const char *why, void (*do_two)(void), const char *what)
{
    for (int i = 0; i < 2; i++)
        start(&sleepers[i]);
    for (int i = 0; i < 2; i++)
        sleeps(&sleepers[i], why);
    did(what);
    drowsy = true;
    do_two();
    drowsy = false;
    for (int i = 0; i < 2; i++)
        returns(&sleepers[i], CHANNEL_DONE, "there is one for each of the two");
}

static void
take_two(void)
{
    take(&items[0], 0, CHANNEL_DONE);
    take(&items[1], 0, CHANNEL_DONE);
}

static void
play_two_places(void)
{
    static struct call putters[2];

    did("a channel with room for 2; put in item 0, 1");
    did("two threads sleep in channel_put(c, item 2, -1) and channel_put(c, item 3, -1)");
    c = channel_open(2);
    for (int i = 0; i < 2; i++) {
        put(i, 0, CHANNEL_DONE);
        putters[i] = (struct call){.ms = -1, .item = &items[2 + i]};
    }
    putters[0].does = "channel_put(c, item 2, -1)";
    putters[1].does = "channel_put(c, item 3, -1)";
    play_two(putters, "there is no room", take_two, "took two, before the first one was awake");
    put(4, 0, CHANNEL_TIMEOUT);
    channel_free(c);
}

static void
put_two(void)
{
    put(0, 0, CHANNEL_DONE);
    put(1, 0, CHANNEL_DONE);
}

static void
play_two_items(void)
{
    static struct call takers[2];

    did("two threads sleep in channel_take(c, &item, -1)");
    c = channel_open(2);
    takers[0] = (struct call){.does = "channel_take(c, &item, -1)", .ms = -1, .takes = true};
    takers[1] = takers[0];
    play_two(takers, "there is no item", put_two, "put in two, before the first one was awake");
    if (takers[0].item == takers[1].item)
        wrong("each has taken one of the two", name_of(takers[0].item));
    channel_free(c);
}

static void
is_late(const struct call *call)
{
    char got[60];

    snprintf(got, sizeof got, "it was back after %.3f ms", (double)call->took / NS_PER_MS);
    if (call->took < call->ms * NS_PER_MS)
        wrong("it sleeps until its time is up", got);
}

static void
play_time(void)
{
    struct channel *empty = channel_open(1);
    struct call taker = {
        .does = "channel_take(c, &item, 200)", .ms = SHORT_MS, .takes = true, .channel = empty};
    struct call putter = {.does = "channel_put(d, item 2, 1001)", .ms = LONG_MS, .item = &items[2]};

    did("in another thread: channel_take(c, &item, 200); nobody puts anything in");
    did("in a third one: channel_put(d, item 2, 1001); d is full, and nobody takes anything");
    c = channel_open(1);
    put(1, SHORT_MS, CHANNEL_DONE);
    start(&taker);
    start(&putter);
    sleeps(&taker, "there is no item");
    sleeps(&putter, "there is no room");
    sleep_ms(SHORT_MS);
    returns(&taker, CHANNEL_TIMEOUT, "its time is up");
    is_late(&taker);
    sleep_ms(LONG_MS - SHORT_MS);
    returns(&putter, CHANNEL_TIMEOUT, "its time is up");
    is_late(&putter);
    take(&items[1], SHORT_MS, CHANNEL_DONE);
    take(NULL, SHORT_MS, CHANNEL_TIMEOUT);
    channel_free(c);
    channel_free(empty);
}

static void
play_no_longer(void)
{
    struct call taker = {.does = "channel_take(c, &item, 200)", .ms = SHORT_MS, .takes = true};

    did("in another thread: channel_take(c, &item, 200); woke it up for no reason, every 20 ms");
    c = channel_open(1);
    start(&taker);
    sleeps(&taker, "there is no item");
    for (int i = 0; i < 60 && !taker.back; i++) {
        wake_for_nothing();
        sleep_ms(20);
    }
    if (!taker.back)
        settle(0);
    if (!taker.back)
        wrong("it returns when its time is up", "it still sleeps, after 1200 ms");
    returns(&taker, CHANNEL_TIMEOUT, "its time is up, and has not become longer");
    is_late(&taker);
    channel_free(c);
}

static void
play_closed(void)
{
    did("a channel with room for 2; put in item 0 and 1; closed it");
    c = channel_open(2);
    put(0, 0, CHANNEL_DONE);
    put(1, 0, CHANNEL_DONE);
    channel_close(c);
    put(2, 0, CHANNEL_CLOSED);
    put(2, -1, CHANNEL_CLOSED);
    take(&items[0], 0, CHANNEL_DONE);
    put(2, 0, CHANNEL_CLOSED);
    did("closed it once more");
    channel_close(c);
    take(&items[1], -1, CHANNEL_DONE);
    take(NULL, 0, CHANNEL_CLOSED);
    take(NULL, 10, CHANNEL_CLOSED);
    take(NULL, -1, CHANNEL_CLOSED);
    channel_free(c);
}

static void
start_three(struct call three[3], const struct call *call, const char *why)
{
    for (int i = 0; i < 3; i++) {
        three[i] = *call;
        start(&three[i]);
    }
    for (int i = 0; i < 3; i++)
        sleeps(&three[i], why);
}

static void
play_takers_wake(void)
{
    static struct call three[3];
    struct call take_one = {.does = "channel_take(c, &item, -1)", .ms = -1, .takes = true};

    did("three threads sleep in channel_take(c, &item, -1); closed it");
    c = channel_open(1);
    start_three(three, &take_one, "there is no item");
    channel_close(c);
    for (int i = 0; i < 3; i++)
        returns(&three[i], CHANNEL_CLOSED, "it is closed, and empty");
    channel_free(c);
}

static void
play_putters_wake(void)
{
    static struct call three[3];
    struct call put_one = {.does = "channel_put(c, item 2, -1)", .ms = -1, .item = &items[2]};

    did("three threads sleep in channel_put(c, item 2, -1), for item 1 is in it; closed it");
    c = channel_open(1);
    put(1, 0, CHANNEL_DONE);
    start_three(three, &put_one, "there is no room");
    channel_close(c);
    for (int i = 0; i < 3; i++)
        returns(&three[i], CHANNEL_CLOSED, "it is closed");
    take(&items[1], -1, CHANNEL_DONE);
    take(NULL, -1, CHANNEL_CLOSED);
    channel_free(c);
}

/* ---- many producers, many workers ---- */

enum { EACH = 1000 };

static char many[THREADS][EACH];
static atomic_int times[THREADS][EACH]; /* how often each has come out */
static atomic_int running;
static struct call marks[2 * THREADS]; /* what settle() looks at: tid, back */

static void *
produce(void *argument)
{
    struct call *mark = argument;
    char *mine = many[mark - marks];

    mark->tid = gettid();
    for (int i = 0; i < EACH; i++) {
        /* All three ways to wait; a time-out changes nothing, so the item is put in again. */
        enum channel_result result = CHANNEL_TIMEOUT;

        if (i % 3 != 2)
            result = channel_put(c, &mine[i], i % 3);
        if (result == CHANNEL_TIMEOUT)
            result = channel_put(c, &mine[i], -1);
        if (result != CHANNEL_DONE)
            wrong("channel_put(): CHANNEL_DONE, for it is not closed", "something else");
        progress++;
    }
    mark->back = true;
    running--;
    return NULL;
}

static void *
consume(void *argument)
{
    struct call *mark = argument;
    long last[THREADS] = {0};
    void *item;

    mark->tid = gettid();
    for (int i = 0;; i++) {
        enum channel_result result = channel_take(c, &item, i % 3 - 1);
        ptrdiff_t place = (char *)item - many[0];

        if (result == CHANNEL_TIMEOUT)
            continue;
        if (result == CHANNEL_CLOSED)
            break;
        if ((uintptr_t)item < (uintptr_t)many || (uintptr_t)item >= (uintptr_t)(many + THREADS))
            wrong("one of the items that were put in", "another pointer");
        times[place / EACH][place % EACH]++;
        if (last[place / EACH] > place % EACH)
            wrong("the items of a producer in their order", "a newer one came before an older one");
        last[place / EACH] = place % EACH;
        progress++;
    }
    mark->back = true;
    running--;
    return NULL;
}

/* Until only `left` threads run; if none is left that could wake the others, says so. */
static void
wait_until_running(int left, const char *expected)
{
    while (running > left) {
        long before = progress;

        for (int i = 0; i < STILL_MS && running > left; i++)
            sleep_ms(1);
        if (running <= left || progress != before)
            continue;
        settle(STILL_MS);
        if (running > left && progress == before)
            wrong(expected, "all of them sleep, and nobody is left who will wake one up");
    }
}

static void
play_many(void)
{
    char got[100];

    printf("did: 4 producers put in %d items each, 4 workers take them; room for 2\n", EACH);
    fflush(stdout);
    c = channel_open(2);
    running = 2 * THREADS;
    for (int i = 0; i < 2 * THREADS; i++) {
        calls[count++] = &marks[i];
        start_thread(&marks[i].thread, i < THREADS ? produce : consume, &marks[i]);
    }
    wait_until_running(THREADS, "every item finds room, for there are workers");
    did("when all were in: channel_close()");
    channel_close(c);
    wait_until_running(0, "each worker takes what is left, and then hears that it is closed");
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(marks[i].thread, NULL);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < EACH; j++) {
            snprintf(got, sizeof got, "item %d of producer %d came out %d times", j, i,
                     times[i][j]);
            if (times[i][j] != 1)
                wrong("every item comes out once", got);
        }
    channel_free(c);
}

static void
play_memory(void)
{
    size_t before = 0;
    char got[100];

    did("100 times: opened one with room for 1000, put in 10 items, took 5, closed and freed it");
    for (int i = 0; i < 101; i++) {
        c = channel_open(1000);
        for (int j = 0; j < 10; j++)
            put(j, 0, CHANNEL_DONE);
        for (int j = 0; j < 5; j++)
            take(&items[j], 0, CHANNEL_DONE);
        channel_close(c);
        channel_free(c);
        if (i == 0)
            before = mallinfo2().uordblks; /* 0 under ASan, which looks for itself */
    }
    snprintf(got, sizeof got, "%zu bytes more", mallinfo2().uordblks - before);
    if (mallinfo2().uordblks > before + 1000)
        wrong("as much memory is in use as before", got);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"order", play_order},
    {"null", play_null},
    {"full", play_full},
    {"empty", play_empty},
    {"two-places", play_two_places},
    {"two-items", play_two_items},
    {"time", play_time},
    {"no-longer", play_no_longer},
    {"closed", play_closed},
    {"takers-wake", play_takers_wake},
    {"putters-wake", play_putters_wake},
    {"many", play_many},
    {"memory", play_memory},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: channel SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
