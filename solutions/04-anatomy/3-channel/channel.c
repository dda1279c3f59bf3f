/*
 * channel.c - the channel of channel.h: a ring, a mutex and two condition variables
 *
 * Run:    make, then build/channel order (gdb --args build/channel order)
 * Test:   make test
 * Book:   04-anatomy, "A queue that can be closed"
 */
#include "channel.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct channel {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    bool closed;
    size_t room;
    size_t length;
    size_t first;  /* items[first] is the oldest; the others follow, round the end */
    void *items[]; /* `room` of them */
};

struct channel *
channel_open(size_t room)
{
    struct channel *c = calloc(1, sizeof *c + room * sizeof *c->items);
    pthread_condattr_t monotonic;

    if (!c)
        return NULL;
    c->room = room;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* the other clock can be set */
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->not_empty, &monotonic);
    pthread_cond_init(&c->not_full, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return c;
}

/* The moment in `ms` milliseconds: it stays where it is, however often somebody wakes up. */
static struct timespec
moment_in(int ms)
{
    int64_t ns = now_ns() + ms * NS_PER_MS;

    return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
}

/* The caller holds the lock. Sleeps until somebody has signalled `cond`; false: time is up. */
static bool
sleep_until(struct channel *c, pthread_cond_t *cond, int ms, const struct timespec *end)
{
    if (ms == 0)
        return false;
    if (ms > 0)
        return pthread_cond_timedwait(cond, &c->lock, end) != ETIMEDOUT;
    pthread_cond_wait(cond, &c->lock);
    return true;
}

enum channel_result
channel_put(struct channel *c, void *item, int ms)
{
    struct timespec end = moment_in(ms);
    enum channel_result result = CHANNEL_TIMEOUT;
    bool in_time = true;

    pthread_mutex_lock(&c->lock);
    while (!c->closed && c->length == c->room && in_time)
        in_time = sleep_until(c, &c->not_full, ms, &end);
    if (c->closed) {
        result = CHANNEL_CLOSED;
    } else if (c->length < c->room) {
        c->items[(c->first + c->length++) % c->room] = item;
        pthread_cond_signal(&c->not_empty);
        result = CHANNEL_DONE;
    }
    pthread_mutex_unlock(&c->lock);
    return result;
}

enum channel_result
channel_take(struct channel *c, void **item, int ms)
{
    struct timespec end = moment_in(ms);
    enum channel_result result = CHANNEL_TIMEOUT;
    bool in_time = true;

    pthread_mutex_lock(&c->lock);
    while (!c->closed && c->length == 0 && in_time)
        in_time = sleep_until(c, &c->not_empty, ms, &end);
    if (c->length > 0) {
        *item = c->items[c->first];
        c->first = (c->first + 1) % c->room;
        c->length--;
        pthread_cond_signal(&c->not_full);
        result = CHANNEL_DONE;
    } else if (c->closed) {
        result = CHANNEL_CLOSED;
    }
    pthread_mutex_unlock(&c->lock);
    return result;
}

void
channel_close(struct channel *c)
{
    pthread_mutex_lock(&c->lock);
    c->closed = true;
    pthread_cond_broadcast(&c->not_empty); /* each has to hear that it is over */
    pthread_cond_broadcast(&c->not_full);
    pthread_mutex_unlock(&c->lock);
}

void
channel_free(struct channel *c)
{
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->not_empty);
    pthread_cond_destroy(&c->not_full);
    free(c);
}
