#include "thread_pool.h"

#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct thread_pool {
    struct queue *tasks;
    atomic_size_t active;
    char name[11];
    size_t workers, room, made; /* now; that `threads` can hold; ever made */
    pthread_t *threads;
    struct task leave; /* whoever takes this one ends, and says so: */
    pthread_t left;
    sem_t has_left;
};

/* ---- the workers ---- */

static void *
work(void *own)
{
    struct thread_pool *p = own;
    struct task *task;

    while ((task = queue_take(p->tasks)) && task != &p->leave) {
        p->active++;
        task->run(task->owner); /* from here on the task may be gone */
        p->active--;
    }
    if (task) {
        p->left = pthread_self();
        sem_post(&p->has_left);
    }
    return NULL;
}

/* False: the system has no thread or memory for it; errno says which. */
static bool
add_worker(struct thread_pool *p)
{
    char name[16]; /* see pthread_setname_np(3) */

    if (p->workers == p->room) {
        size_t room = 2 * p->room + 4;
        pthread_t *threads = reallocarray(p->threads, room, sizeof *threads);

        if (!threads)
            return false;
        p->threads = threads;
        p->room = room;
    }
    errno = pthread_create(&p->threads[p->workers], NULL, work, p);
    if (errno)
        return false;
    snprintf(name, sizeof name, "%s-%zu", p->name, ++p->made);
    pthread_setname_np(p->threads[p->workers++], name); /* it may fail */
    return true;
}

/* One of them, whichever comes to it first. */
static void
remove_worker(struct thread_pool *p)
{
    size_t i = 0;

    queue_put(p->tasks, &p->leave);
    while (sem_wait(&p->has_left) == -1) /* EINTR */
        ;
    pthread_join(p->left, NULL);
    while (!pthread_equal(p->threads[i], p->left))
        i++;
    p->threads[i] = p->threads[--p->workers];
}

/* ---- the pool ---- */

struct thread_pool *
thread_pool_open(const char *name, size_t workers, size_t capacity)
{
    struct thread_pool *p = calloc(1, sizeof *p);

    if (!p)
        fail("calloc", "a thread pool");
    snprintf(p->name, sizeof p->name, "%s", name);
    p->tasks = queue_open(capacity);
    sem_init(&p->has_left, 0, 0);
    if (thread_pool_resize(p, workers) < workers)
        fail("pthread_create", name);
    return p;
}

size_t
thread_pool_resize(struct thread_pool *p, size_t workers)
{
    while (p->workers > workers)
        remove_worker(p);
    while (p->workers < workers && add_worker(p))
        ;
    return p->workers;
}

void
thread_pool_shutdown(struct thread_pool *p, enum shutdown how)
{
    struct task *task;

    queue_close(p->tasks); /* a worker goes on until it is empty */
    while (how == SHUTDOWN_DROP && (task = queue_try_take(p->tasks)))
        if (task->drop)
            task->drop(task->owner);
    while (p->workers > 0)
        pthread_join(p->threads[--p->workers], NULL);
}

void
thread_pool_free(struct thread_pool *p)
{
    queue_free(p->tasks);
    sem_destroy(&p->has_left);
    free(p->threads);
    free(p);
}

/* ---- tasks ---- */

enum queue_result
thread_pool_submit(struct thread_pool *p, struct task *task)
{
    return queue_put(p->tasks, task);
}

enum queue_result
thread_pool_try_submit(struct thread_pool *p, struct task *task)
{
    return queue_try_put(p->tasks, task);
}

size_t
thread_pool_waiting(struct thread_pool *p)
{
    return queue_length(p->tasks);
}

size_t
thread_pool_active(const struct thread_pool *p)
{
    return p->active;
}

size_t
thread_pool_workers(const struct thread_pool *p)
{
    return p->workers;
}

/* ---- futures ---- */

static void
compute(void *own)
{
    struct future *f = own;

    f->result = f->compute(f->argument);
    f->computed = true;
    sem_post(&f->ended); /* the last touch: whoever waits may free it now */
}

static void
give_up(void *own)
{
    struct future *f = own;

    sem_post(&f->ended);
}

enum queue_result
future_submit(struct thread_pool *p, struct future *f)
{
    enum queue_result result;

    f->task = (struct task){.run = compute, .drop = give_up, .owner = f};
    f->computed = false;
    sem_init(&f->ended, 0, 0);
    result = thread_pool_submit(p, &f->task);
    if (result != QUEUE_PUT)
        sem_destroy(&f->ended);
    return result;
}

bool
future_wait(struct future *f)
{
    while (sem_wait(&f->ended) == -1) /* EINTR */
        ;
    sem_destroy(&f->ended);
    return f->computed;
}
