/*
 * drain.c - a pool of threads, and its end
 *
 * Run:    make, then build/drain waiting (gdb --args build/drain waiting)
 * Test:   make test
 * Book:   07-thread-pool, "Tasks, futures, and an end"
 */
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

enum { MOST_WORKERS = 16 };

struct task {
    void (*run)(void *owner);
    void *owner;
    struct task *next;
};

void pool_start(int workers);
bool pool_submit(struct task *task);
void pool_stop(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next three lines */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct task *first, *last; /* those that wait, the oldest first */
static bool stopping;
static pthread_t workers[MOST_WORKERS];
static int count;

/* The oldest task that waits; sleeps as long as there is none. NULL: this worker is to end. */
static struct task *
take(void)
{
    struct task *task;

    pthread_mutex_lock(&lock);
    while (!first && !stopping)
        pthread_cond_wait(&changed, &lock);
    task = first;
    if (task)
        first = task->next;
    pthread_mutex_unlock(&lock);
    return task;
}

static void *
work(void *unused)
{
    struct task *task;

    while ((task = take()))
        task->run(task->owner); /* from here on the task is its owner's again */
    return unused;
}

/* Makes that many workers. */
void
pool_start(int n)
{
    stopping = false;
    for (count = 0; count < n; count++) {
        errno = pthread_create(&workers[count], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
}

/* Takes `task`, for a worker to run. False: the pool is stopping, and does not take it. */
bool
pool_submit(struct task *task)
{
    bool taken;

    pthread_mutex_lock(&lock);
    taken = !stopping;
    if (taken) {
        task->next = NULL;
        if (first)
            last->next = task;
        else
            first = task;
        last = task;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

/* Takes no more tasks; returns when all that were taken are done, and no worker is left. */
void
pool_stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed); /* to each: none of them may sleep on */
    pthread_mutex_unlock(&lock);
    while (count > 0)
        pthread_join(workers[--count], NULL);
}
