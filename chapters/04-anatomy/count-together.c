/*
 * count-together.c - threads that count in the same variable, and lose some of the count
 *
 * Shows:  count++ is three things: read, add, write. What another thread writes in between is
 *         lost. A mutex lets one thread at a time do all three; an atomic makes one of them.
 * Run:    build/04-anatomy/count-together
 *         build/04-anatomy/count-together -m mutex         or atomic
 * Watch:  run it again: another number. ThreadSanitizer names both lines at once.
 * Book:   04-anatomy, "A race"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { MOST_THREADS = 64 };

static long times;
static volatile long count; /* volatile: or the compiler adds `times` at once */
static atomic_long counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `count`, with -m mutex */
static pthread_barrier_t start;

static void *
with_none(void *unused)
{
    pthread_barrier_wait(&start); /* nobody is ahead */
    for (long i = 0; i < times; i++) {
        long seen = count;

        if (i == times / 2)
            sched_yield(); /* the CPU may be taken away here at any time; this once, it is */
        count = seen + 1;
    }
    return unused;
}

static void *
with_mutex(void *unused)
{
    pthread_barrier_wait(&start);
    for (long i = 0; i < times; i++) {
        pthread_mutex_lock(&lock);
        count++;
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

static void *
with_atomic(void *unused)
{
    pthread_barrier_wait(&start);
    for (long i = 0; i < times; i++)
        counter++;
    return unused;
}

/* Milliseconds that `threads` of them take. */
static double
run(void *(*work)(void *), unsigned threads)
{
    pthread_t ids[MOST_THREADS];
    int64_t began;

    pthread_barrier_init(&start, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        errno = pthread_create(&ids[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    began = now_ns();
    pthread_barrier_wait(&start);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return (double)(now_ns() - began) / NS_PER_MS;
}

int
main(int argc, char **argv)
{
    const char *means = "none", *number = "5000000", *threads_text = "2";
    const struct own_option own[] = {
        {'m', "MEANS", "against losses: none, mutex or atomic (none)", &means},
        {'n', "TIMES", "how far each thread counts (5000000)", &number},
        {'t', "THREADS", "how many there are (2)", &threads_text},
        {0}};
    void *(*work)(void *) = with_none;
    long threads, counted;
    double ms;

    parse_args(argc, argv, own, "");
    times = parse_number(number, 1, 1000000000, "TIMES");
    threads = parse_number(threads_text, 1, MOST_THREADS, "THREADS");
    if (strcmp(means, "mutex") == 0)
        work = with_mutex;
    else if (strcmp(means, "atomic") == 0)
        work = with_atomic;
    else if (strcmp(means, "none") != 0)
        return fprintf(stderr, "count-together: MEANS must be none, mutex or atomic\n"), 2;
    ms = run(work, (unsigned)threads);
    counted = count + counter;
    printf("%-6s  %ld threads x %ld: counted %ld, lost %ld, in %.1f ms\n", means, threads, times,
           counted, threads * times - counted, ms);
    return 0;
}
