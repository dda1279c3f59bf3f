/*
 * thread_pool.h - threads made in advance, which run what they are given
 *
 * Tasks wait in one bounded queue (queue.h); the workers sleep on it, and a task that comes wakes
 * one of them up. It costs no thread and, as long as nobody has to sleep or to be woken up, no
 * system call. The terms are those of Java's ThreadPoolExecutor and Future; what they call a
 * rejected task is an answer here. Chapter 07 opens it.
 */
#pragma once

#include "queue.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

struct thread_pool;

/*
 * A pool of `workers` threads, with room for `capacity` tasks that wait; both 1 or more. The
 * threads are called `name`-1, `name`-2 and so on (ten bytes of `name` at most): see `top -H`. They
 * have the caller's signal mask. Without memory or threads the program ends.
 */
struct thread_pool *thread_pool_open(const char *name, size_t workers, size_t capacity);

/* ---- tasks: by any thread, and by tasks ---- */

/*
 * It lies in its owner's memory. A pool that has taken it will call one of the two functions, once;
 * from the moment of that call the task is its owner's again, to be freed or to be submitted
 * anew.
 */
struct task {
    void (*run)(void *owner);  /* by a worker */
    void (*drop)(void *owner); /* by whoever shuts the pool down; NULL: by nobody */
    void *owner;
};

/*
 * Has `task` run, and sleeps as long as there is no room: QUEUE_PUT, or QUEUE_CLOSED. Tasks begin
 * in the order in which they were taken. A task that sleeps here for room in its own pool, or that
 * waits for another task in it, takes a worker away from those it waits for: when all workers do
 * so, they wait for ever.
 */
enum queue_result thread_pool_submit(struct thread_pool *p, struct task *task);

/* The same without sleeping: where there is no room, QUEUE_FULL. */
enum queue_result thread_pool_try_submit(struct thread_pool *p, struct task *task);

/* How many tasks waited a moment ago, and how many were being run. */
size_t thread_pool_waiting(struct thread_pool *p);
size_t thread_pool_active(const struct thread_pool *p);

/* ---- the threads: by one thread at a time, and by no task ---- */

size_t thread_pool_workers(const struct thread_pool *p);

/*
 * Makes it a pool of `workers` threads, 1 or more. When there are too many, it sleeps until those
 * that leave have done so: each takes its turn in the queue, so what was submitted before has begun
 * by then. Returns how many there are now: fewer than asked for if the system has no more (EAGAIN).
 */
size_t thread_pool_resize(struct thread_pool *p, size_t workers);

enum shutdown {
    SHUTDOWN_DRAIN, /* what waits is still run */
    SHUTDOWN_DROP,  /* what waits is dropped; what has begun is run to its end */
};

/* From now on no task is taken. Sleeps until the last worker has ended. */
void thread_pool_shutdown(struct thread_pool *p, enum shutdown how);

/* Frees it, after the shutdown. Nobody may be in a call on it, or call again. */
void thread_pool_free(struct thread_pool *p);

/* ---- futures: tasks with a result that somebody waits for ---- */

/* It lies in its owner's memory, until it has been waited for. The first two are to be set. */
struct future {
    void *(*compute)(void *argument);
    void *argument;
    void *result; /* what `compute` has returned, once future_wait() has said so */

    /* its own */
    struct task task;
    bool computed;
    sem_t ended;
};

/* Like thread_pool_submit(); there is something to wait for only if it says QUEUE_PUT. */
enum queue_result future_submit(struct thread_pool *p, struct future *f);

/* Sleeps until it has ended; to be called once. False: it was dropped, and has no result. */
bool future_wait(struct future *f);
