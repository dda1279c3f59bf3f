/*
 * timers.h - who is to be told that a moment has come, and how long until then
 *
 * A moment is a number of nanoseconds; what clock it is from, only the caller knows: nothing here
 * looks at one. All calls are made by one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timers; /* a set of timers; what is in it is your affair */

/*
 * One timer. It lies in its owner's memory, and stays there as long as it is set. `expired` is the
 * owner's to fill in; a timer that is zero but for that is not set.
 */
struct timer {
    void (*expired)(struct timer *t); /* it is told by a call of this */
    int64_t at;                       /* the moment for which it was set last */
    struct timer *before, *next;      /* these three are yours, to use or to leave alone */
    size_t place;
};

/* An empty set; NULL: there is no memory. */
struct timers *timers_open(void);

/*
 * Frees it. What is still set is told nothing, and not even looked at: the memory of these timers
 * may be gone already. NULL does no harm.
 */
void timers_free(struct timers *s);

/*
 * From now on `t` is set: it will be told once its moment `at` has come. To set a timer that is set
 * already moves it. False: there is no memory, and it is not set; to move one cannot fail.
 */
bool timers_set(struct timers *s, struct timer *t, int64_t at);

/* From now on `t` is not set, and will not be told. To clear one that is not set does no harm. */
void timers_clear(struct timers *s, struct timer *t);

/*
 * How long epoll_wait() may sleep if it is `now`: milliseconds until the earliest moment, rounded
 * up, so that it does not wake up too early; 0 if that has come, -1 if no timer is set, INT_MAX if
 * it is more than that. An `expired` may ask, too: those that timers_run() still has to tell are
 * set.
 */
int timers_left(const struct timers *s, int64_t now);

/*
 * Tells every timer whose moment is `now` or before, once each, the earliest first. When `expired`
 * is called, its timer is not set any more, and not looked at any more: the owner may set it again,
 * or give its memory back.
 *
 * An `expired` may set and clear timers, its own and others. What it clears is not told. What it
 * sets is told by a later call, even if its moment has come already; so a timer that sets itself
 * again at once holds nobody up.
 */
void timers_run(struct timers *s, int64_t now);
