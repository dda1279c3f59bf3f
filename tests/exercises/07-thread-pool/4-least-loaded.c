/*
 * 4-least-loaded.c - asks a dealer whom it chooses, and compares
 *
 * usage: least-loaded SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should
 * be, else tells the last calls and what was expected.
 */
#include "../../../exercises/07-thread-pool/4-least-loaded/least-loaded.h"

#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum {
    LAST = 14,
    LINE = 120,
    THREADS = 4,
    HELD = 2,
    TURNS = 1000000,
    FEW_TURNS = 1000, /* in which each call is made: few, for a sanitizer may look at them */
    BY_CHANCE = 20000,
    MANY = 100,
    MOST_EACH = 700,
    MOST_WORKERS = THREADS * HELD
};

static char story[LAST][LINE]; /* the last calls */
static unsigned long lines;
static struct dealer *d;

static void
did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(story[lines++ % LAST], LINE, format, arguments);
    va_end(arguments);
}

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list arguments;

    for (unsigned long i = lines > LAST ? lines - LAST : 0; i < lines; i++)
        printf("did: %s\n", story[i % LAST]);
    va_start(arguments, format);
    printf("expected: %s\ngot: ", expected);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    exit(1);
}

static void
begin(size_t workers, size_t most)
{
    did("dealer_open(%zu, %zu)", workers, most);
    d = dealer_open(workers, most);
    if (!d)
        wrong("a dealer", "NULL");
}

static const char *
name(size_t worker)
{
    static char names[2][30];
    static int turn;

    turn = !turn;
    if (worker == NOBODY)
        return "NOBODY";
    snprintf(names[turn], sizeof names[turn], "%zu", worker);
    return names[turn];
}

static void
chooses(size_t worker, const char *why)
{
    char expected[200];
    size_t chosen = dealer_choose(d);

    did("dealer_choose() = %s", name(chosen));
    snprintf(expected, sizeof expected, "dealer_choose() = %s: %s", name(worker), why);
    if (chosen != worker)
        wrong(expected, "%s", name(chosen));
}

static void
has(size_t worker, size_t load)
{
    char expected[200];
    size_t said = dealer_load(d, worker);

    snprintf(expected, sizeof expected, "dealer_load(%zu) = %zu", worker, load);
    if (said != load)
        wrong(expected, "%zu", said);
}

static void
is_done(size_t worker)
{
    did("dealer_done(%zu)", worker);
    dealer_done(d, worker);
}

static void
goes_away(size_t worker, bool away)
{
    did("dealer_away(%zu, %s)", worker, away ? "true" : "false");
    dealer_away(d, worker, away);
}

/* ---- the plays ---- */

static void
play_first(void)
{
    begin(3, 10);
    chooses(0, "none was chosen yet, and it is the lowest");
    dealer_free(d);
    dealer_free(NULL);
}

static void
play_fewest(void)
{
    begin(3, 10);
    chooses(0, "none was chosen yet, and it is the lowest");
    chooses(1, "0 has one task, 1 and 2 have none");
    chooses(2, "it alone has none");
    has(0, 1);
    has(1, 1);
    has(2, 1);
    is_done(1);
    has(1, 0);
    chooses(1, "it alone has none");
    is_done(2);
    chooses(2, "it alone has none");
    dealer_free(d);
}

/* The one that has got the most so far may have the fewest now. */
static void
play_done(void)
{
    begin(2, 100);
    for (int i = 0; i < 10; i++) {
        chooses(0, "it has none, for all of its tasks are done; 1 is away");
        is_done(0);
        if (i == 0)
            goes_away(1, true);
    }
    has(0, 0);
    goes_away(1, false);
    chooses(1, "both have none, and it was never chosen");
    chooses(0, "it has none, and has had ten: those are done");
    chooses(1, "both have one, and 0 was chosen later");
    chooses(0, "it has one, and 1 has two");
    is_done(1);
    is_done(1);
    has(0, 2);
    has(1, 0);
    chooses(1, "it has none, and 0 has two");
    chooses(1, "it has one, and 0 has two");
    dealer_free(d);
}

static void
play_ties(void)
{
    begin(4, 10);
    for (size_t turn = 0; turn < 12; turn++)
        chooses(turn % 4, "all have equally few, so it goes round");
    did("now each has three");
    is_done(2);
    is_done(0);
    chooses(0,
            "0 and 2 have two each, and 0 was chosen longer ago: who was done first is no matter");
    chooses(2, "it alone has two");
    chooses(1, "all have three; 1 and 3 were chosen longer ago than 0 and 2, and 1 before 3");
    chooses(3, "0, 2 and 3 have three, and it was chosen longest ago");
    chooses(0, "0 and 2 have three, and it was chosen longer ago");
    dealer_free(d);
}

/* One after the other, each done before the next comes: nobody is to get all of them. */
static void
play_alone(void)
{
    begin(3, 10);
    for (size_t turn = 0; turn < 9; turn++) {
        chooses(turn % 3, "nobody has a task, and it was chosen longest ago");
        is_done(turn % 3);
    }
    dealer_free(d);
}

static void
play_full(void)
{
    begin(2, 2);
    chooses(0, "none was chosen yet");
    chooses(1, "it has none");
    chooses(0, "both have one, and it was chosen longer ago");
    chooses(1, "it has one, and 0 has two");
    chooses(NOBODY, "each has two, and may have no more");
    chooses(NOBODY, "each has two, and may have no more");
    has(0, 2);
    has(1, 2);
    is_done(1);
    chooses(1, "it has one, and may have two");
    chooses(NOBODY, "each has two, and may have no more");
    is_done(0);
    is_done(1);
    chooses(0, "both have one; NOBODY is no choice, and 0 was chosen longer ago");
    dealer_free(d);
}

static void
play_away(void)
{
    begin(3, 2);
    chooses(0, "none was chosen yet");
    goes_away(1, true);
    chooses(2, "it has none; 1 is away");
    chooses(0, "0 and 2 have one, and it was chosen longer ago; 1 is away");
    has(1, 0);
    goes_away(0, true);
    goes_away(0, true);
    is_done(0);
    has(0, 1);
    chooses(2, "the others are away");
    chooses(NOBODY, "2 has two, and may have no more; the others are away");
    is_done(0);
    goes_away(1, false);
    chooses(1, "it has none, and is back; 0 has none either, but is away");
    goes_away(0, false);
    chooses(0, "it has none, and is back");
    is_done(0);
    is_done(1);
    chooses(1, "0 and 1 have none, and 1 was chosen longer ago");
    dealer_free(d);
}

/* ---- by chance, against a model that is slow and simple ---- */

static struct {
    long load, chosen;
    bool away;
} model[MOST_WORKERS];

static size_t
model_choose(size_t workers, long most, long choice)
{
    size_t best = NOBODY;

    for (size_t i = workers; i-- > 0;)
        if (!model[i].away && model[i].load < most &&
            (best == NOBODY || model[i].load < model[best].load ||
             (model[i].load == model[best].load && model[i].chosen <= model[best].chosen)))
            best = i;
    if (best != NOBODY) {
        model[best].load++;
        model[best].chosen = choice;
    }
    return best;
}

static void
play_chance(void)
{
    const size_t workers = 7;

    srand(7);
    begin(workers, 5);
    for (long turn = 1; turn <= BY_CHANCE; turn++) {
        size_t who = (size_t)rand() % workers;
        int what = rand() % 16;

        if (what < 8) {
            chooses(model_choose(workers, 5, turn), "says a slow and simple dealer");
        } else if (what < 15 && model[who].load > 0) {
            model[who].load--;
            is_done(who);
        } else if (what == 15) {
            model[who].away = !model[who].away;
            goes_away(who, model[who].away);
        }
        has(who, (size_t)model[who].load);
    }
    dealer_free(d);
}

/* A hundred workers, more choices than 16 bits can count, and another dealer beside. */
static void
play_many(void)
{
    struct dealer *large, *small;

    begin(2, 1);
    small = d;
    begin(MANY, MOST_EACH);
    large = d;
    for (size_t turn = 0; turn < (size_t)MANY * MOST_EACH; turn++) {
        if (turn % (MANY * 100) == 0) {
            d = small;
            did("now the dealer of two workers, who may have one task each:");
            chooses(0, "both have none, and it was chosen longer ago, or never");
            chooses(1, "it has none");
            chooses(NOBODY, "each has one, and may have no more");
            is_done(0);
            is_done(1);
            d = large;
            did("now the dealer of %d workers, who may have %d:", MANY, MOST_EACH);
        }
        chooses(turn % MANY, "all have equally few, so it goes round");
    }
    chooses(NOBODY, "all have as many as they may");
    has(MANY - 1, MOST_EACH);
    dealer_free(small);
    dealer_free(large);
}

/* ---- many threads ---- */

static atomic_int tasks_of[MOST_WORKERS];
static atomic_int there; /* threads that may begin */
static int may_have;     /* how many tasks each worker may have */
static atomic_bool too_many, of_nobody;

/* Now and then a thread sleeps where it happens to be: in the middle of a call, if there is one. */
static void
sleep_here(int unused)
{
    struct timespec moment = {.tv_nsec = 50000};

    (void)unused;
    nanosleep(&moment, NULL);
}

static void *
deal(void *unused)
{
    size_t held[HELD], who;

    there++;
    while (there < THREADS)
        ; /* not asleep: so that all begin at the same moment */
    for (int turn = 0; turn < TURNS && !too_many && !of_nobody; turn++) {
        if (turn >= HELD) { /* the one that it has had longest is done */
            tasks_of[held[turn % HELD]]--;
            dealer_done(d, held[turn % HELD]);
        }
        who = held[turn % HELD] = dealer_choose(d);
        if (who >= MOST_WORKERS)
            of_nobody = true;
        else if (++tasks_of[who] > may_have)
            too_many = true;
    }
    for (int i = 0; i < HELD && !too_many && !of_nobody; i++) {
        tasks_of[held[i]]--;
        dealer_done(d, held[i]);
    }
    return unused;
}

static void
deal_with_many_threads(size_t workers, int most)
{
    struct sigaction action = {.sa_handler = sleep_here, .sa_flags = SA_RESTART};
    struct itimerval often = {{.tv_usec = 200}, {.tv_usec = 200}};
    pthread_t threads[THREADS];
    sigset_t alarms;

    begin(workers, (size_t)most);
    may_have = most;
    there = 0;
    did("%d threads: dealer_choose(), %d times each; dealer_done(), two choices later", THREADS,
        TURNS);
    for (int i = 0; i < THREADS; i++) {
        errno = pthread_create(&threads[i], NULL, deal, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL); /* not for this thread, which only waits */
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &often, NULL), "setitimer");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL), "setitimer");
    if (too_many)
        wrong(most == 1 ? "each worker may have one task" : "no worker has more than it may have",
              "one was chosen for %d at the same time", most + 1);
    if (of_nobody)
        wrong("somebody is chosen: there is room for all tasks", "NOBODY");
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    for (size_t i = 0; i < workers; i++)
        has(i, 0);
    dealer_free(d);
}

static void
play_threads(void)
{
    deal_with_many_threads(MOST_WORKERS, 1);
    deal_with_many_threads(1, MOST_WORKERS); /* it is chosen while one of its tasks is done */
}

static void *
call_all(void *first)
{
    size_t who;

    there++;
    while (there < THREADS)
        ;
    for (size_t turn = 0; turn < FEW_TURNS; turn++) {
        who = dealer_choose(d);
        for (size_t call = 0; call < 3; call++)
            switch ((call + *(size_t *)first) % 3) { /* each thread ends with a different one */
            case 0:
                dealer_away(d, turn / 2 % MOST_WORKERS, turn % 2 == 0);
                break;
            case 1:
                dealer_load(d, turn % MOST_WORKERS);
                break;
            default:
                if (who != NOBODY)
                    dealer_done(d, who);
            }
        sched_yield();
    }
    return NULL;
}

static void
play_calls(void)
{
    pthread_t threads[THREADS];
    size_t first[THREADS];

    begin(MOST_WORKERS, 1);
    did("%d threads: dealer_choose(), dealer_load(), dealer_away(), dealer_done(), %d times each",
        THREADS, FEW_TURNS);
    for (size_t i = 0; i < THREADS; i++) {
        first[i] = i;
        errno = pthread_create(&threads[i], NULL, call_all, &first[i]);
        if (errno)
            fail("pthread_create", NULL);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < MOST_WORKERS; i++)
        has(i, 0);
    dealer_free(d);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"first", play_first},     {"fewest", play_fewest}, {"fewer", play_done},
    {"ties", play_ties},       {"alone", play_alone},   {"full", play_full},
    {"away", play_away},       {"chance", play_chance}, {"many", play_many},
    {"threads", play_threads}, {"calls", play_calls},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: least-loaded SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
