/*
 * bad-lost-wakeup.c - a thread waits for work, and sleeps on when it has come
 *
 * Shows:  work is brought without the mutex. So it can come when the worker has looked and found
 *         nothing, but does not sleep yet: the signal finds nobody to wake up, and is gone.
 * Run:    build/04-anatomy/bad-lost-wakeup
 *         build/04-anatomy/bad-lost-wakeup -t 600 &
 * Watch:  gdb -p PID -batch -ex 'thread apply all bt': who sleeps where, though there is work.
 * Twin:   wake-up.c
 * Book:   04-anatomy, "What goes wrong"
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
    work = true;
    pthread_cond_signal(&come);
    puts("main: here is work, wake up");
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
