/*
 * bench.c - what it costs to have something done by another thread
 *
 * Built and run by chapters/07-thread-pool/bench. All ways take turns, ROUNDS times; the median is
 * reported, and how far the fastest and the slowest turn were from it. First everything runs on one
 * CPU, where a thread that is woken up takes the place of another; then on all there are, where it
 * may have to be woken up on another CPU.
 */
#include "bench.h"

#include "clock.h"
#include "error.h"
#include "queue.h"
#include "thread_pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 11, MOST_WORKERS = 8, MOST_AT_ONCE = 1000, WAYS = 3 };

/* bench-theirs.c; without the library it is not there. */
extern const struct way theirs __attribute__((weak));

/* ---- lib/thread_pool ---- */

static struct thread_pool *pool;

static void *
note(void *begun)
{
    *(int64_t *)begun = now_ns();
    return NULL;
}

static void
open_pool(int workers)
{
    pool = thread_pool_open("bench", (size_t)workers, MOST_AT_ONCE);
}

static void
run_pool(int count, int64_t *begun)
{
    static struct future futures[MOST_AT_ONCE];

    for (int i = 0; i < count; i++) {
        futures[i].compute = note;
        futures[i].argument = &begun[i];
        future_submit(pool, &futures[i]);
    }
    for (int i = 0; i < count; i++)
        future_wait(&futures[i]);
}

static void
close_pool(void)
{
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    thread_pool_free(pool);
}

/* ---- a queue with one lock, threads, and nothing else ---- */

static struct request {
    int64_t *begun;
    sem_t done;
} requests[MOST_AT_ONCE];

static struct queue *queue;
static pthread_t threads[MOST_WORKERS];
static int thread_count;

static void *
work(void *unused)
{
    struct request *r;

    while ((r = queue_take(queue))) {
        *r->begun = now_ns();
        sem_post(&r->done);
    }
    return unused;
}

static void
open_queue(int workers)
{
    queue = queue_open(MOST_AT_ONCE);
    for (thread_count = 0; thread_count < workers; thread_count++) {
        errno = pthread_create(&threads[thread_count], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
}

static void
run_queue(int count, int64_t *begun)
{
    for (int i = 0; i < count; i++) {
        requests[i].begun = &begun[i];
        sem_init(&requests[i].done, 0, 0);
        queue_put(queue, &requests[i]);
    }
    for (int i = 0; i < count; i++) {
        while (sem_wait(&requests[i].done) == -1)
            ;
        sem_destroy(&requests[i].done);
    }
}

static void
close_queue(void)
{
    queue_close(queue);
    while (thread_count > 0)
        pthread_join(threads[--thread_count], NULL);
    queue_free(queue);
}

/* ---- in turns ---- */

static const struct way ours = {"lib/thread_pool", open_pool, run_pool, close_pool};
static const struct way bare = {"a queue with one lock", open_queue, run_queue, close_queue};

struct figures {
    double each[ROUNDS]; /* ns of a round, divided by its tasks */
    double cpu[ROUNDS];  /* the same of CPU time, of all threads: a busy machine changes it less */
    double to_start[ROUNDS]; /* the median of a round: ns from a submit to the start of its task */
};

static int
by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* CPU time of all threads so far. */
static int64_t
cpu_ns(void)
{
    struct timespec t;

    check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), "clock_gettime");
    return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static void
take_turn(const struct way *way, int at_once, int workers, struct figures *figures, int round)
{
    enum { TASKS = 4000 };
    static double starts[TASKS];
    static int64_t begun[MOST_AT_ONCE];
    int64_t start, cpu, all = 0;

    way->open(workers);
    way->run(at_once, begun); /* warms up */
    cpu = cpu_ns();
    for (int i = 0; i < TASKS / at_once; i++) {
        start = now_ns();
        way->run(at_once, begun);
        all += now_ns() - start;
        starts[i] = (double)(begun[0] - start);
    }
    figures->cpu[round] = (double)(cpu_ns() - cpu) / TASKS;
    way->close();
    qsort(starts, (size_t)(TASKS / at_once), sizeof *starts, by_value);
    figures->each[round] = (double)all / TASKS;
    figures->to_start[round] = starts[TASKS / at_once / 2];
}

static void
measure(int at_once, int workers)
{
    const struct way *ways[WAYS] = {&ours, &bare, &theirs};
    static struct figures figures[WAYS];

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < WAYS; i++)
            if (ways[i])
                take_turn(ways[i], at_once, workers, &figures[i], round);
    printf("%d at a time, %d worker%s\n", at_once, workers, workers > 1 ? "s" : "");
    for (int i = 0; i < WAYS; i++) {
        double *each = figures[i].each, *cpu = figures[i].cpu, *to_start = figures[i].to_start;

        if (!ways[i])
            continue;
        qsort(each, ROUNDS, sizeof *each, by_value);
        qsort(cpu, ROUNDS, sizeof *cpu, by_value);
        qsort(to_start, ROUNDS, sizeof *to_start, by_value);
        printf("  %-22s %6.0f ns a task (%.0f to %.0f), %.0f of CPU", ways[i]->name,
               each[ROUNDS / 2], each[0], each[ROUNDS - 1], cpu[ROUNDS / 2]);
        if (at_once == 1)
            printf(", %.0f to its start", to_start[ROUNDS / 2]);
        if (i > 0)
            printf("; ours: %.2f of its CPU", figures[0].cpu[ROUNDS / 2] / cpu[ROUNDS / 2]);
        puts("");
    }
}

int
main(void)
{
    static const int worker_counts[] = {1, 4};
    cpu_set_t all, one;
    size_t first = 0;

    check(sched_getaffinity(0, sizeof all, &all), "sched_getaffinity");
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    for (int i = 0; i < 2; i++) {
        const cpu_set_t *use = i == 0 ? &one : &all;

        check(sched_setaffinity(0, sizeof *use, use), "sched_setaffinity");
        printf("%s%s\n", i ? "\n" : "", i ? "on all CPUs" : "on one CPU");
        for (size_t j = 0; j < sizeof worker_counts / sizeof worker_counts[0]; j++) {
            measure(1, worker_counts[j]);
            measure(MOST_AT_ONCE, worker_counts[j]);
        }
    }
    return 0;
}
