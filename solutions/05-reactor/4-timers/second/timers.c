/*
 * timers.c - the set of timers of timers.h: a list without order, in which all are looked at
 *
 * For a few dozen timers nothing is faster. With thousands, each turn of the loop looks at all.
 *
 * Run:    make, then build/timers order (gdb --args build/timers order)
 * Test:   make test
 * Book:   05-reactor, "Timers"
 */
#include "timers.h"

#include "clock.h"

#include <limits.h>
#include <stdlib.h>

struct timers {
    struct timer *first;
    size_t run; /* how many calls of timers_run() have begun */
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

/* `place` keeps the run during which it was set. */
bool
timers_set(struct timers *s, struct timer *t, int64_t at)
{
    timers_clear(s, t);
    t->at = at;
    t->place = s->run;
    t->next = s->first;
    s->first = t;
    return true;
}

void
timers_clear(struct timers *s, struct timer *t)
{
    for (struct timer **link = &s->first; *link; link = &(*link)->next)
        if (*link == t) {
            *link = t->next;
            return;
        }
}

/* The earliest of those that were set before a run; NULL: there is none. */
static struct timer *
earliest(const struct timers *s, size_t run)
{
    struct timer *found = NULL;

    for (struct timer *t = s->first; t; t = t->next)
        if (t->place < run && (!found || t->at < found->at))
            found = t;
    return found;
}

int
timers_left(const struct timers *s, int64_t now)
{
    const struct timer *t = earliest(s, SIZE_MAX);
    int64_t left;

    if (!t)
        return -1;
    left = t->at - now;
    if (left <= 0)
        return 0;
    left = left / NS_PER_MS + (left % NS_PER_MS > 0);
    return left < INT_MAX ? (int)left : INT_MAX;
}

void
timers_run(struct timers *s, int64_t now)
{
    struct timer *t;

    s->run++;
    while ((t = earliest(s, s->run)) && t->at <= now) {
        timers_clear(s, t);
        t->expired(t);
    }
}
