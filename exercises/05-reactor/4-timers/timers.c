/*
 * timers.c - the set of timers of timers.h
 *
 * Run:    make, then build/timers order (gdb --args build/timers order)
 * Test:   make test
 * Book:   05-reactor, "Timers"
 */
#include "timers.h"

#include <stdlib.h>

struct timers {
    size_t count; /* TODO: the timers themselves; see timers.h. */
};

struct timers *
timers_open(void)
{
    return calloc(1, sizeof(struct timers));
}

void
timers_free(struct timers *s)
{
    free(s);
}

bool
timers_set(struct timers *s, struct timer *t, int64_t at)
{
    (void)s;
    t->at = at;
    return false;
}

void
timers_clear(struct timers *s, struct timer *t)
{
    (void)s;
    (void)t;
}

int
timers_left(const struct timers *s, int64_t now)
{
    (void)s;
    (void)now;
    return -1;
}

void
timers_run(struct timers *s, int64_t now)
{
    (void)s;
    (void)now;
}
