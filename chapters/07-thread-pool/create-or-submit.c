/*
 * create-or-submit.c - what a thread costs, and what a task of a pool
 *
 * Shows:  to make a thread is to ask the kernel for a stack and for something to schedule. To
 *         submit a task is to put a pointer into a queue; that costs a system call only when
 *         somebody has to be woken up for it.
 * Run:    build/07-thread-pool/create-or-submit
 * Watch:  one at a time, somebody has to be woken up each time, in both cases; a hundred at a time,
 *         the workers are awake, and take one after the other.
 *         strace -c -f build/07-thread-pool/create-or-submit -n 1000: clone3, mmap, futex
 * Book:   07-thread-pool, "Create or submit"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "thread_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_AT_ONCE = 100, ROUNDS = 5 };

static struct thread_pool *pool;

static void *
nothing(void *argument)
{
    return argument;
}

static void
create(int at_once)
{
    pthread_t threads[MOST_AT_ONCE];

    for (int i = 0; i < at_once; i++) {
        errno = pthread_create(&threads[i], NULL, nothing, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    for (int i = 0; i < at_once; i++)
        pthread_join(threads[i], NULL);
}

static void
submit(int at_once)
{
    static struct future futures[MOST_AT_ONCE];

    for (int i = 0; i < at_once; i++) {
        futures[i].compute = nothing;
        future_submit(pool, &futures[i]);
    }
    for (int i = 0; i < at_once; i++)
        future_wait(&futures[i]);
}

/* Nanoseconds for each of `count`. */
static double
measure(void (*make)(int at_once), long count, int at_once)
{
    int64_t began = now_ns();

    for (long i = 0; i < count; i += at_once)
        make(at_once);
    return (double)(now_ns() - began) / (double)count;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The two by turns, so that both meet the same machine; then the middle one of the rounds. */
static void
compare(long count, int at_once)
{
    double created[ROUNDS], submitted[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        created[i] = measure(create, count, at_once);
        submitted[i] = measure(submit, count, at_once);
    }
    qsort(created, ROUNDS, sizeof created[0], by_size);
    qsort(submitted, ROUNDS, sizeof submitted[0], by_size);
    printf("%3d at a time  %10.0f ns %10.0f ns %8.1f\n", at_once, created[ROUNDS / 2],
           submitted[ROUNDS / 2], created[ROUNDS / 2] / submitted[ROUNDS / 2]);
}

int
main(int argc, char **argv)
{
    const char *number = "2000", *threads = "4";
    const struct own_option own[] = {
        {'n', "COUNT", "how many of each are made in a round (2000)", &number},
        {'w', "WORKERS", "how many threads the pool has (4)", &threads},
        {0}};
    long count;

    parse_args(argc, argv, own, "");
    count = parse_number(number, MOST_AT_ONCE, 10000000, "COUNT");
    pool =
        thread_pool_open("worker", (size_t)parse_number(threads, 1, 64, "WORKERS"), MOST_AT_ONCE);
    printf("%-13s %13s %13s %8s\n", "", "create, join", "submit, wait", "ratio");
    compare(count, 1);
    compare(count, MOST_AT_ONCE);
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    thread_pool_free(pool);
    return 0;
}
