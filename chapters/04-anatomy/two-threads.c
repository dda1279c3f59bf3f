/*
 * two-threads.c - two threads each add up half of the numbers
 *
 * Shows:  a thread is a function that runs beside the others: with an argument, a result that
 *         pthread_join() waits for, and a stack of its own. All the rest belongs to all.
 * Run:    build/04-anatomy/two-threads
 * Watch:  the addresses: `sum` is a different variable in each thread, `calls` the same in all.
 * Book:   04-anatomy, "Threads"
 */
#include "args.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct part {
    pthread_t thread;
    long first, last; /* what it is to add up */
    long sum;         /* its result; nobody else looks at it before it has been joined */
};

static atomic_int calls; /* one for all threads; for why it is atomic see count-together.c */

static void *
add_up(void *argument)
{
    struct part *part = argument;
    long sum = 0; /* on this thread's stack */

    for (long i = part->first; i <= part->last; i++)
        sum += i;
    calls++;
    printf("thread %d: %4ld to %4ld make %6ld; sum at %p, calls at %p\n", gettid(), part->first,
           part->last, sum, (void *)&sum, (void *)&calls);
    part->sum = sum;
    return part;
}

int
main(int argc, char **argv)
{
    struct part parts[] = {{.first = 1, .last = 500}, {.first = 501, .last = 1000}};
    long sum = 0;

    parse_args(argc, argv, NULL, "");
    for (int i = 0; i < 2; i++) {
        errno = pthread_create(&parts[i].thread, NULL, add_up, &parts[i]);
        if (errno) /* it returns its error, and does not set errno: see pthread_create(3) */
            fail("pthread_create", NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(parts[i].thread, NULL); /* sleeps until it has returned */
        sum += parts[i].sum;
    }
    printf("process %d: both together %ld, in %d calls\n", getpid(), sum, calls);
    return 0;
}
