/*
 * least-loaded.c - the dealer of least-loaded.h
 *
 * Run:    make, then build/least-loaded ties (gdb --args build/least-loaded ties)
 * Test:   make test
 * Book:   07-thread-pool, "Who gets the task"
 */
#include "least-loaded.h"

#include <stdlib.h>

struct dealer {
    size_t workers; /* TODO: what is to be known of each of them; see least-loaded.h. */
};

struct dealer *
dealer_open(size_t workers, size_t most)
{
    struct dealer *d = calloc(1, sizeof *d);

    (void)most;
    if (d)
        d->workers = workers;
    return d;
}

void
dealer_free(struct dealer *d)
{
    free(d);
}

size_t
dealer_choose(struct dealer *d)
{
    (void)d;
    return 0;
}

void
dealer_done(struct dealer *d, size_t worker)
{
    (void)d;
    (void)worker;
}

void
dealer_away(struct dealer *d, size_t worker, bool away)
{
    (void)d;
    (void)worker;
    (void)away;
}

size_t
dealer_load(struct dealer *d, size_t worker)
{
    (void)d;
    (void)worker;
    return 0;
}
