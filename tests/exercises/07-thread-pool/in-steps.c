/*
 * in-steps.c - the plays of exercise 07/1: a pool with a clock of its own
 *
 * usage: in-steps TASKS-A-SECOND FEW CPUS LONG-EVERY
 *
 * No thread and no machine has a part in it: time goes by in steps of 125 us. In each, tasks come,
 * whoever is free takes the oldest, and those at work get on by a step: of those that wait all, of
 * those that compute as many as there are CPUs, in turn.
 */
#include "args.h"

#include <stdbool.h>
#include <stdio.h>

enum { A_SECOND = 8000, TASK = 40, MOST_WORKERS = 100, MOST_TASKS = 100000 }; /* in steps */
enum { DEALT = 96, DEALERS = 4, LONG_MS = 40, SHORT_MS = 4 };

struct pool {
    int workers, cpus; /* cpus: how many can get on at once */
    int left[MOST_WORKERS], turn;
    long come, begun, done;
    long came[MOST_TASKS]; /* at which step */
    long longest;          /* that one has waited */
};

static struct pool pool;

static bool
someone_is_free(int *who)
{
    for (*who = 0; *who < pool.workers; ++*who)
        if (pool.left[*who] == 0)
            return true;
    return false;
}

static void
take_tasks(long now)
{
    int who;

    while (pool.begun < pool.come && someone_is_free(&who)) {
        long waited = now - pool.came[pool.begun++];

        pool.longest = waited > pool.longest ? waited : pool.longest;
        pool.left[who] = TASK;
    }
}

static void
work(void)
{
    int got_on = 0;

    for (int i = 0; i < pool.workers && got_on < pool.cpus; i++) {
        int who = (pool.turn + i) % pool.workers;

        if (pool.left[who] > 0) {
            got_on++;
            pool.done += --pool.left[who] == 0;
        }
    }
    pool.turn += got_on;
}

/* Plays `steps` steps; then no task comes any more. */
static void
play(int workers, int cpus, int a_second, long steps)
{
    pool = (struct pool){.workers = workers, .cpus = cpus};
    for (long now = 0; now < steps; now++) {
        while (pool.come * A_SECOND <= now * a_second)
            pool.came[pool.come++] = now;
        take_tasks(now);
        work();
    }
}

/* How many steps it takes until the last one that has come begins. */
static long
until_begun(void)
{
    long steps = 0;

    for (; pool.begun < pool.come; steps++) {
        take_tasks(0);
        work();
    }
    return steps;
}

static void
deal(int long_every)
{
    int worked[DEALERS] = {0}, most, least;

    for (int i = 0; i < DEALT; i++)
        worked[i % DEALERS] += i % long_every == 0 ? LONG_MS : SHORT_MS;
    most = least = worked[0];
    for (int i = 1; i < DEALERS; i++) {
        most = worked[i] > most ? worked[i] : most;
        least = worked[i] < least ? worked[i] : least;
    }
    printf("busiest_ms = %d\nidlest_ms = %d\n", most, least);
}

int
main(int argc, char **argv)
{
    char **given = parse_args(argc, argv, NULL, "TASKS-A-SECOND FEW CPUS LONG-EVERY");
    int a_second = (int)parse_number(given[0], 1, A_SECOND, "TASKS-A-SECOND"), needed = 0;
    int few = (int)parse_number(given[1], 1, MOST_WORKERS, "FEW");
    int cpus = (int)parse_number(given[2], 1, MOST_WORKERS, "CPUS");

    do
        play(++needed, MOST_WORKERS, a_second, 2L * A_SECOND);
    while (pool.longest > 0);
    printf("needed = %d\n", needed);
    play(2 * needed, MOST_WORKERS, a_second, A_SECOND);
    printf("done_with_twice = %ld\n", pool.done);
    play(few, MOST_WORKERS, a_second, A_SECOND);
    printf("waiting = %ld\n", pool.come - pool.begun);
    printf("last_waits_ms = %ld\n", until_begun() * 1000 / A_SECOND);
    play(2 * needed, cpus, a_second, A_SECOND);
    printf("done_computing = %ld\n", pool.done);
    deal((int)parse_number(given[3], 1, DEALT, "LONG-EVERY"));
    return 0;
}
