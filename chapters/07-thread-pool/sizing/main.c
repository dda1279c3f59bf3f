/*
 * sizing - how many workers should a pool have?
 *
 * Shows:  tasks that compute need a CPU each: more workers than CPUs (N) bring nothing, and one
 *         more (N+1) is for the moment in which one of them has to wait after all. Tasks that wait
 *         need no CPU: while they wait, others can work, and more workers mean more throughput.
 * Run:    build/07-thread-pool/sizing
 *         taskset -c 0 build/07-thread-pool/sizing        as if there were one CPU
 *         build/07-thread-pool/sizing -s >sizing.svg      drawn
 * Watch:  where each column stops growing.
 * Book:   07-thread-pool, "How many workers"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "plot.h"
#include "thread_pool.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_WORKERS = 64, MOST_SIZES = 16, MOST_TASKS = 10000, WAIT_MS = 5, STEPS = 300000 };

static struct thread_pool *pool;

/* Something that nobody can shorten: xorshift, see Marsaglia (2003). */
static void *
compute(void *seed)
{
    uint64_t x = (uint64_t)(uintptr_t)seed;

    for (int i = 0; i < STEPS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x ? seed : NULL;
}

/* As if it had asked a disk, a database, or another server. */
static void *
wait_for_it(void *unused)
{
    sleep_ms(WAIT_MS);
    return unused;
}

/* Tasks per second. */
static double
throughput(void *(*what)(void *), int tasks)
{
    static struct future futures[MOST_TASKS];
    int64_t began = now_ns();

    for (int i = 0; i < tasks; i++) {
        futures[i] = (struct future){.compute = what, .argument = &futures[i]};
        future_submit(pool, &futures[i]);
    }
    for (int i = 0; i < tasks; i++)
        future_wait(&futures[i]);
    return tasks * 1e9 / (double)(now_ns() - began);
}

/* The best of the rounds: what else the machine has to do can only lower the figure. */
static void
measure(struct measured *m, int tasks)
{
    int enough = tasks > 4 * m->workers ? tasks : 4 * m->workers; /* so that all have to work */
    double computing, waiting;

    thread_pool_resize(pool, (size_t)m->workers);
    computing = throughput(compute, enough);
    waiting = throughput(wait_for_it, enough);
    m->computing = computing > m->computing ? computing : m->computing;
    m->waiting = waiting > m->waiting ? waiting : m->waiting;
}

static int
count_cpus(void)
{
    cpu_set_t may_use;

    check(sched_getaffinity(0, sizeof may_use, &may_use), "sched_getaffinity");
    return CPU_COUNT(&may_use);
}

/* 1, 2, 4 and so on, and among them N and N+1. */
static int
choose_sizes(struct measured *all, int most, int cpus)
{
    int count = 0;

    for (int workers = 1; workers <= most; workers++)
        if ((workers & (workers - 1)) == 0 || workers == cpus || workers == cpus + 1)
            all[count++].workers = workers;
    return count;
}

static void
print_table(const struct measured *all, int count, int cpus)
{
    printf("N = %d CPUs%18s%27s\n", cpus, "compute", "wait 5 ms");
    for (int i = 0; i < count; i++) {
        printf("%3d workers %-4s", all[i].workers,
               all[i].workers == cpus       ? "N"
               : all[i].workers == cpus + 1 ? "N+1"
                                            : "");
        printf("%8.0f /s %6.2f times", all[i].computing, all[i].computing / all->computing);
        printf("%10.0f /s %6.2f times\n", all[i].waiting, all[i].waiting / all->waiting);
    }
}

int
main(int argc, char **argv)
{
    const char *most = "64", *number = "60", *rounds = "3", *svg = NULL;
    const struct own_option own[] = {{'w', "WORKERS", "so many at most (64)", &most},
                                     {'n', "TASKS", "for each size (60)", &number},
                                     {'r', "ROUNDS", "and then all over again (3)", &rounds},
                                     {'s', NULL, "draw it, as SVG, instead of a table", &svg},
                                     {0}};
    struct measured all[MOST_SIZES] = {0};
    int cpus = count_cpus(), count, tasks;

    parse_args(argc, argv, own, "");
    tasks = (int)parse_number(number, 1, MOST_TASKS, "TASKS");
    count = choose_sizes(all, (int)parse_number(most, 2, MOST_WORKERS, "WORKERS"), cpus);
    pool = thread_pool_open("worker", 1, MOST_TASKS);
    for (long r = parse_number(rounds, 1, 100, "ROUNDS"); r > 0; r--)
        for (int i = 0; i < count; i++)
            measure(&all[i], tasks);
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    thread_pool_free(pool);
    if (svg)
        plot(all, count, cpus);
    else
        print_table(all, count, cpus);
    return 0;
}
