/*
 * shared-result.c - tasks that wait, and then add what they have got to one sum
 *
 * Shows:  what several tasks share needs a lock, and the lock is held while that is touched, and no
 *         longer: not while a task waits for an answer.
 * Run:    build/07-thread-pool/shared-result
 * Watch:  as many tasks wait at once as there are workers; TRACE=file.json shows it as lanes.
 * Breaks: bad-lock-held-in-task.c
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
    long answer = wait_for_answer(*(long *)question);

    pthread_mutex_lock(&lock);
    sum += answer;
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
