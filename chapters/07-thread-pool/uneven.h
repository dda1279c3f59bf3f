/*
 * uneven.h - work that is not the same for all: what choose.c and steal.c deal out
 *
 * One piece in four takes ten times as long as the others. To work on it is to wait: so the figures
 * are the same on any machine, however many CPUs it has.
 */
#pragma once

#include "clock.h"
#include "thread_pool.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 4, MOST_PIECES = 1000, SHORT_MS = 4, LONG_MS = 40, EVERY_MS = 3 };

struct piece {
    struct task task;
    long ms;
    int64_t come; /* when, see clock.h */
};

static struct piece pieces[MOST_PIECES];
static long piece_count;
static atomic_long worked[WORKERS]; /* ms of each worker, in the order in which they began */
static atomic_int begun;
static _Atomic int64_t longest_wait;

/* So that pieces come at their times, even when the machine was late with some. */
static inline void
wait_until(int64_t moment)
{
    int64_t left = moment - now_ns();

    if (left > 0)
        sleep_ms(left / NS_PER_MS + 1);
}

/* Which worker is this? 0 and up. */
static inline int
worker_number(void)
{
    static _Thread_local int number = -1;

    if (number == -1)
        number = begun++;
    return number;
}

static inline void
work_on(void *own)
{
    struct piece *piece = own;
    int64_t wait = now_ns() - piece->come, longest = longest_wait;

    while (wait > longest && !atomic_compare_exchange_weak(&longest_wait, &longest, wait))
        ;
    sleep_ms(piece->ms);
    worked[worker_number()] += piece->ms;
}

/* Every fourth is a long one; or, with a seed, just as many, but nobody knows which. */
static inline void
make_pieces(long count, unsigned seed)
{
    piece_count = count;
    for (long i = 0; i < count; i++)
        pieces[i] = (struct piece){.task = {.run = work_on, .owner = &pieces[i]},
                                   .ms = i % 4 == 0 ? LONG_MS : SHORT_MS};
    srand(seed);
    for (long i = count - 1; seed && i > 0; i--) {
        long other = rand() % (i + 1), ms = pieces[i].ms;

        pieces[i].ms = pieces[other].ms;
        pieces[other].ms = ms;
    }
}

static inline int
by_size(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;

    return (x < y) - (x > y);
}

static inline void
print_heading(void)
{
    printf("%-18s %-23s %9s %13s %9s\n", "", "work of each, ms", "most/mean", "longest wait",
           "all");
}

/* Who did how much, the busiest first; then all begins anew. */
static inline void
print_line(const char *name, int64_t began)
{
    int64_t all = now_ns() - began;
    long sums[WORKERS], sum = 0;

    for (int i = 0; i < WORKERS; i++) {
        sum += sums[i] = worked[i];
        worked[i] = 0;
    }
    qsort(sums, WORKERS, sizeof sums[0], by_size);
    printf("%-18s", name);
    for (int i = 0; i < WORKERS; i++)
        printf(" %5ld", sums[i]);
    printf("%9.2f %10ld ms %6ld ms\n", (double)sums[0] * WORKERS / (double)sum,
           (long)(longest_wait / NS_PER_MS), (long)(all / NS_PER_MS));
    begun = 0;
    longest_wait = 0;
}
