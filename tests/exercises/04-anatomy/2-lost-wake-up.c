/*
 * 2-lost-wake-up.c - brings work at the worst moments, and sees who sleeps on
 *
 * usage: lost-wake-up SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was done and what was expected.
 *
 * pthread_cond_wait() and pthread_mutex_lock() below are those that the functions meet: they can
 * hold a thread up where it could be held up at any time, and wake it up for no reason.
 */
#include "clock.h"
#include "error.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bring_work(int pieces);
void take_work(void);
void finish_work(void);
void wait_for_all(void);

enum { WORKERS = 4, ROUNDS = 200, STILL_MS = 300 };

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    fflush(stdout);
    _exit(1); /* the others sleep on */
}

/* ---- a thread that calls one function once, and where it is ---- */

enum moment { NONE, BEFORE_LOCK, BEFORE_SLEEP, WAKES_FOR_NOTHING, ALWAYS_SLOW };

struct actor {
    const char *does;
    void (*call)(void);
    enum moment moment; /* where it is held up, once */
    atomic_int tid;
    atomic_bool held, go, back; /* it is held up; it may go on; its call has returned */
};

static _Thread_local struct actor *me;
static struct actor *actors[20];
static int count;
static atomic_long done; /* pieces of work, in play_rounds() */

/* TSan has functions of its own for these; then they are the ones to be called. */
typedef int wait_function(pthread_cond_t *, pthread_mutex_t *);
typedef int lock_function(pthread_mutex_t *);
wait_function __interceptor_pthread_cond_wait __attribute__((weak));
lock_function __interceptor_pthread_mutex_lock __attribute__((weak));

static wait_function *real_wait;
static lock_function *real_lock;

static void
find_real_ones(void)
{
    real_wait = __interceptor_pthread_cond_wait;
    real_lock = __interceptor_pthread_mutex_lock;
    if (!real_wait)
        real_wait = (wait_function *)dlsym(RTLD_NEXT, "pthread_cond_wait");
    if (!real_lock)
        real_lock = (lock_function *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
}

static void
hold_up(enum moment moment)
{
    if (!me || me->moment != moment)
        return;
    me->moment = NONE;
    me->held = true;
    while (!me->go)
        sleep_ms(1);
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
    hold_up(BEFORE_LOCK);
    if (me && me->moment == ALWAYS_SLOW)
        usleep(50);
    if (!real_lock)
        find_real_ones();
    return real_lock(mutex);
}

int
pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    hold_up(BEFORE_SLEEP);
    if (me && me->moment == ALWAYS_SLOW)
        usleep(200);
    if (me && me->moment == WAKES_FOR_NOTHING) {
        me->moment = NONE;
        return 0; /* pthread_cond_wait(3): "spurious wakeups may occur" */
    }
    return real_wait(cond, mutex);
}

static void *
act(void *actor)
{
    me = actor;
    me->tid = gettid();
    me->call();
    me->back = true;
    return NULL;
}

static void
start(struct actor *actor)
{
    pthread_t thread;

    actors[count++] = actor;
    errno = pthread_create(&thread, NULL, act, actor);
    if (errno)
        fail("pthread_create", NULL);
    pthread_detach(thread); /* some will sleep for ever */
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

static bool
is_asleep(const struct actor *actor)
{
    return actor->tid && state_of(actor->tid, NULL) == 'S';
}

/* Waits until each is back, held up, or asleep for so long that nobody can be about to wake it. */
static void
settle(int still_ms)
{
    int64_t since = now_ns();
    long before = done;

    while (now_ns() - since < still_ms * NS_PER_MS) {
        sleep_ms(2);
        if (done != before)
            since = now_ns();
        before = done;
        for (int i = 0; i < count; i++)
            if (!actors[i]->back && !is_asleep(actors[i]))
                since = now_ns();
    }
}

/* Its call returns: else everybody sleeps, and will for ever. */
static void
returns(const struct actor *actor, const char *why)
{
    char expected[200], got[200];

    for (int i = 0; i < STILL_MS / 3 && !actor->back; i++)
        sleep_ms(1);
    if (!actor->back)
        settle(STILL_MS);
    if (actor->back)
        return;
    snprintf(expected, sizeof expected, "%s returns: %s", actor->does, why);
    snprintf(got, sizeof got, "it sleeps, and nobody is left who will wake it up");
    wrong(expected, got);
}

static void
sleeps(const struct actor *actor, const char *why)
{
    char expected[200];

    settle(50);
    snprintf(expected, sizeof expected, "%s sleeps: %s", actor->does, why);
    if (actor->back)
        wrong(expected, "it has returned");
}

/* ---- the plays ---- */

static void
bring_one(void)
{
    bring_work(1);
}

static void
bring_three(void)
{
    bring_work(3);
}

static struct actor a = {.does = "A's take_work()", .call = take_work},
                    b = {.does = "B's take_work()", .call = take_work},
                    c = {.does = "C's take_work()", .call = take_work},
                    all = {.does = "wait_for_all()", .call = wait_for_all},
                    one = {.does = "bring_work(1)", .call = bring_one},
                    three = {.does = "bring_work(3)", .call = bring_three},
                    finish = {.does = "finish_work()", .call = finish_work},
                    finish_too = {.does = "the second finish_work()", .call = finish_work};

static void
did(const char *what)
{
    printf("did: %s\n", what);
    fflush(stdout);
}

static void
play_before(void)
{
    did("bring_work(3), then three times take_work(), then three times finish_work()");
    start(&three);
    returns(&three, "there is nothing to wait for");
    start(&a);
    start(&b);
    start(&c);
    returns(&a, "there are three pieces of work");
    returns(&b, "there are three pieces of work");
    returns(&c, "there are three pieces of work");
    start(&all);
    sleeps(&all, "nothing is finished yet");
    finish_work();
    finish_work();
    sleeps(&all, "one piece of three is not finished yet");
    start(&finish);
    returns(&all, "all three are finished");
}

static void
play_asleep(void)
{
    did("take_work(); when it sleeps, bring_work(1)");
    start(&a);
    sleeps(&a, "there is no work");
    start(&one);
    returns(&a, "there is work");
    did("wait_for_all(); when it sleeps, finish_work()");
    start(&all);
    sleeps(&all, "the work is not finished yet");
    start(&finish);
    returns(&all, "all work is finished");
}

static void
play_for_nothing(void)
{
    did("take_work(); pthread_cond_wait() returns, though nobody has brought anything");
    a.moment = all.moment = WAKES_FOR_NOTHING;
    start(&a);
    sleeps(&a, "there is no work");
    start(&one);
    returns(&a, "there is work");
    did("wait_for_all(); pthread_cond_wait() returns, though nothing is finished");
    start(&all);
    sleeps(&all, "the work is not finished yet");
    start(&finish);
    returns(&all, "all work is finished");
}

static void
play_quiet(void)
{
    long before = 0, after = 0;
    char got[100];

    did("take_work(), and for 300 ms nobody brings anything");
    start(&a);
    sleeps(&a, "there is no work");
    state_of(a.tid, &before);
    sleep_ms(300);
    if (state_of(a.tid, &after) != 'S')
        wrong("it sleeps", "it uses the CPU");
    snprintf(got, sizeof got, "it has been awake %ld times meanwhile", after - before);
    if (after - before > 2)
        wrong("it sleeps until somebody wakes it up", got);
    start(&one);
    returns(&a, "there is work");
}

/* While `sleeper` is held up at `moment`, `waker` runs until it is back, or waits for the lock. */
static void
meet(struct actor *sleeper, enum moment moment, struct actor *waker, const char *why)
{
    printf("did: %s; %s, %s\n", sleeper->does,
           moment == BEFORE_LOCK ? "before it gets the lock"
                                 : "when it has looked, before it sleeps",
           waker->does);
    fflush(stdout);
    sleeper->moment = moment;
    start(sleeper);
    while (!sleeper->held && !sleeper->back && !is_asleep(sleeper))
        sleep_ms(1);
    start(waker);
    settle(50);
    sleeper->go = true;
    returns(sleeper, why);
    returns(waker, "it never waits for long");
}

static void
play_worst_moment(void)
{
    meet(&a, BEFORE_SLEEP, &one, "there is work");
}

static void
play_before_the_lock(void)
{
    meet(&a, BEFORE_LOCK, &one, "there is work");
}

/* What `teller` changes must not be seen by `looker` before `teller` has had the lock. */
static void
change_unseen(struct actor *teller, struct actor *looker, const char *why)
{
    printf("did: %s; before it gets the lock, %s\n", teller->does, looker->does);
    fflush(stdout);
    teller->moment = BEFORE_LOCK;
    start(teller);
    while (!teller->held && !teller->back)
        sleep_ms(1);
    start(looker);
    sleeps(looker, "nothing may change before the lock is had");
    teller->go = true;
    returns(looker, why);
}

static void
play_changes_with_the_lock(void)
{
    change_unseen(&one, &a, "there is work");
}

static void
play_ends_with_the_lock(void)
{
    bring_work(1);
    take_work();
    change_unseen(&finish, &all, "all work is finished");
}

static void
play_worst_end(void)
{
    bring_work(1);
    take_work();
    meet(&all, BEFORE_SLEEP, &finish, "all work is finished");
}

static void
play_end_before_the_lock(void)
{
    bring_work(1);
    take_work();
    meet(&all, BEFORE_LOCK, &finish, "all work is finished");
}

static void
play_three(void)
{
    did("A, B and C sleep in take_work(); then one bring_work(3)");
    start(&a);
    start(&b);
    start(&c);
    sleeps(&a, "there is no work");
    sleeps(&b, "there is no work");
    sleeps(&c, "there is no work");
    start(&three);
    returns(&a, "there is work for three");
    returns(&b, "there is work for three");
    returns(&c, "there is work for three");
}

static void
play_others(void)
{
    did("two pieces are under way; B and C sleep in take_work(), then another in wait_for_all()");
    bring_work(2);
    take_work();
    take_work();
    start(&b);
    sleeps(&b, "there is no work");
    start(&c);
    sleeps(&c, "there is no work");
    start(&all);
    sleeps(&all, "the work is not finished yet");
    did("finish_work(), twice");
    start(&finish);
    sleeps(&all, "one of two pieces is not finished yet");
    start(&finish_too);
    returns(&all, "all work is finished");
    sleeps(&b, "there is no work");
    sleeps(&c, "there is no work");
}

static void
play_others_first(void)
{
    did("a piece is under way; another sleeps in wait_for_all(), then B and C in take_work()");
    bring_work(1);
    take_work();
    start(&all);
    sleeps(&all, "the work is not finished yet");
    start(&b);
    sleeps(&b, "there is no work");
    start(&c);
    sleeps(&c, "there is no work");
    did("bring_work(1)");
    start(&one);
    for (int i = 0; i < STILL_MS && !b.back && !c.back; i++)
        sleep_ms(1);
    settle(50);
    if (!b.back && !c.back)
        wrong("B's or C's take_work() returns: there is work", "both sleep");
    if (b.back && c.back)
        wrong("one of them sleeps on: there was one piece of work", "both have returned");
}

static void
work_for_ever(void)
{
    for (;;) {
        take_work();
        done++;
        finish_work();
    }
}

static void
bring_and_wait(void)
{
    long brought = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int pieces = round % 6 + 1;

        bring_work(pieces);
        brought += pieces;
        wait_for_all();
        if (done != brought)
            wrong("wait_for_all() returns when all is done, and each piece is taken once",
                  done < brought ? "fewer are done than have come" : "more were taken than came");
    }
}

static void
play_rounds(void)
{
    static struct actor workers[WORKERS];
    static struct actor bringer = {
        .does = "wait_for_all() of each round", .call = bring_and_wait, .moment = ALWAYS_SLOW};

    did("200 rounds of bring_work(), 1 to 6 pieces for 4 workers, and wait_for_all()");
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct actor){.call = work_for_ever, .moment = ALWAYS_SLOW};
        start(&workers[i]);
    }
    start(&bringer);
    returns(&bringer, "there are workers for all of it");
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"before", play_before},
    {"asleep", play_asleep},
    {"for-nothing", play_for_nothing},
    {"quiet", play_quiet},
    {"worst-moment", play_worst_moment},
    {"before-the-lock", play_before_the_lock},
    {"changes-with-the-lock", play_changes_with_the_lock},
    {"worst-end", play_worst_end},
    {"end-before-the-lock", play_end_before_the_lock},
    {"ends-with-the-lock", play_ends_with_the_lock},
    {"three", play_three},
    {"others", play_others},
    {"others-first", play_others_first},
    {"rounds", play_rounds},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: lost-wake-up SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    find_real_ones();
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    fflush(stdout);
    _exit(0); /* the others sleep on */
}
