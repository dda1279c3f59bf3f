/*
 * bad-lock-held-in-task.c - tasks that hold a lock while they wait
 *
 * Shows:  the lock is there for the sum, but is held from the beginning of the task to its end. One
 *         task waits, and three workers wait for its lock: a pool of one, at the price of four.
 * Run:    build/07-thread-pool/bad-lock-held-in-task
 * Watch:  it takes four times as long; TRACE=file.json shows who sleeps in pthread_mutex_lock.
 * Twin:   shared-result.c
 * Book:   07-thread-pool, "What goes wrong"
 */
#include "args.h"
#include "clock.h"
#include "thread_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WORKERS = 4, TASKS = 40, WAIT_MS = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `sum` */
static long sum;
static atomic_int waiting, most_waiting;

/* As if another server had been asked. */
static long
wait_for_answer(long question)
{
    int now = ++waiting, most = most_waiting;

    while (now > most && !atomic_compare_exchange_weak(&most_waiting, &most, now))
        ;
    sleep_ms(WAIT_MS);
    waiting--;
    return 2 * question;
}

static void
ask(void *question)
{
    pthread_mutex_lock(&lock);
    sum += wait_for_answer(*(long *)question);
    pthread_mutex_unlock(&lock);
}

int
main(int argc, char **argv)
{
    long questions[TASKS];
    struct task tasks[TASKS];
    struct thread_pool *pool;
    int64_t began;

    parse_args(argc, argv, NULL, "");
    pool = thread_pool_open("worker", WORKERS, TASKS);
    began = now_ns();
    for (int i = 0; i < TASKS; i++) {
        questions[i] = i + 1;
        tasks[i] = (struct task){.run = ask, .owner = &questions[i]};
        thread_pool_submit(pool, &tasks[i]);
    }
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    printf("%d tasks of %d ms, %d workers: the sum is %ld, after %d ms\n", TASKS, WAIT_MS, WORKERS,
           sum, (int)((now_ns() - began) / NS_PER_MS));
    printf("at most %d waited at once\n", most_waiting);
    thread_pool_free(pool);
    return 0;
}
