/*
 * wake-up.c - a thread waits for work; the work comes between its look and its sleep
 *
 * Shows:  a condition variable remembers nothing: a signal while nobody sleeps is gone. So whoever
 *         changes the condition must hold the mutex: then nobody can be between look and sleep.
 * Run:    build/04-anatomy/wake-up
 * Watch:  main tries to bring the work at the worst moment, and has to wait for the mutex.
 * Breaks: bad-lost-wakeup.c
 * Book:   04-anatomy, "A wake-up that is lost"
 */
#include "args.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t come = PTHREAD_COND_INITIALIZER;
static atomic_bool work;          /* guarded by `lock`; being atomic would not help */
static sem_t looked, told, awake; /* so that the worst moment comes every time */

/* 0: it was posted before `seconds` had passed. */
static int
wait_for(sem_t *semaphore, long seconds)
{
    struct timespec until;
    int result;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    do
        result = sem_timedwait(semaphore, &until);
    while (result == -1 && errno == EINTR);
    return result;
}

static void *
wait_for_work(void *unused)
{
    pthread_mutex_lock(&lock);
    while (!work) {
        puts("worker: no work yet; going to sleep ...");
        sem_post(&looked);
        wait_for(&told, 1); /* ... but slowly: whoever can bring work now may do so */
        pthread_cond_wait(&come, &lock);
    }
    pthread_mutex_unlock(&lock);
    puts("worker: there is work");
    sem_post(&awake);
    return unused;
}

static void
bring_work(void)
{
    pthread_mutex_lock(&lock); /* sleeps until the worker does */
    work = true;
    pthread_cond_signal(&come);
    puts("main: here is work, wake up");
    pthread_mutex_unlock(&lock);
    sem_post(&told);
}

int
main(int argc, char **argv)
{
    const char *seconds = "3";
    const struct own_option own[] = {
        {'t', "SECONDS", "how long the worker may take to wake up (3)", &seconds}, {0}};
    pthread_t worker;
    long patience;

    parse_args(argc, argv, own, "");
    patience = parse_number(seconds, 1, 3600, "SECONDS");
    sem_init(&looked, 0, 0);
    sem_init(&told, 0, 0);
    sem_init(&awake, 0, 0);
    errno = pthread_create(&worker, NULL, wait_for_work, NULL);
    if (errno)
        fail("pthread_create", NULL);
    sem_wait(&looked);
    bring_work();
    if (wait_for(&awake, patience) == -1) {
        printf("after %ld s the worker still sleeps, and there is work\n", patience);
        exit(1); /* it would sleep for ever */
    }
    pthread_join(worker, NULL);
    return 0;
}
