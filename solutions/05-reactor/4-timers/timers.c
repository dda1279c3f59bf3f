/*
 * timers.c - the set of timers of timers.h: a list in the order of their moments
 *
 * Run:    make, then build/timers order (gdb --args build/timers order)
 * Test:   make test
 * Book:   05-reactor, "Timers"
 */
#include "timers.h"

#include "clock.h"

#include <limits.h>
#include <stdlib.h>

/* A ring through a timer that is not one: its next is the first, the one before it the last. */
struct timers {
    struct timer set; /* in the order of their moments */
    struct timer due; /* those that timers_run() still has to tell, in the same order */
};

static void
make_ring(struct timer *ring)
{
    ring->before = ring->next = ring;
}

static void
put_before(struct timer *other, struct timer *t)
{
    t->before = other->before;
    t->next = other;
    t->before->next = t;
    other->before = t;
}

/* Out of whichever ring it is in. */
static void
take_out(struct timer *t)
{
    t->before->next = t->next;
    t->next->before = t->before;
    t->before = t->next = NULL;
}

struct timers *
timers_open(void)
{
    struct timers *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    make_ring(&s->set);
    make_ring(&s->due);
    return s;
}

void
timers_free(struct timers *s)
{
    free(s);
}

/* Most timers are set for the same time from now, so the place of a new one is at the end. */
bool
timers_set(struct timers *s, struct timer *t, int64_t at)
{
    struct timer *last;

    timers_clear(s, t);
    t->at = at;
    for (last = s->set.before; last != &s->set && last->at > at;)
        last = last->before;
    put_before(last->next, t);
    return true;
}

void
timers_clear(struct timers *s, struct timer *t)
{
    (void)s;
    if (t->next)
        take_out(t);
}

int
timers_left(const struct timers *s, int64_t now)
{
    const struct timer *first = s->due.next != &s->due ? s->due.next : s->set.next;
    int64_t left;

    if (first == &s->set)
        return -1;
    if (first->at <= now)
        return 0;
    left = (first->at - now - 1) / NS_PER_MS + 1;
    return left < INT_MAX ? (int)left : INT_MAX;
}

void
timers_run(struct timers *s, int64_t now)
{
    while (s->set.next != &s->set && s->set.next->at <= now) {
        struct timer *t = s->set.next;

        take_out(t);
        put_before(&s->due, t);
    }
    while (s->due.next != &s->due) {
        struct timer *t = s->due.next;

        take_out(t);
        t->expired(t);
    }
}
