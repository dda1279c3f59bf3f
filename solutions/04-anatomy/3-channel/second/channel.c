/*
 * channel.c - the channel of channel.h: a list, a mutex and one condition variable
 *
 * The second way. All sleep on the same condition variable, so all have to be woken up, and each
 * looks for itself: simpler to get right, and costly with many sleepers.
 *
 * Run:    make, then build/channel order (gdb --args build/channel order)
 * Test:   make test
 * Book:   04-anatomy, "A queue that can be closed"
 */
#include "channel.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct node {
    struct node *next;
    void *item;
};

struct channel {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    struct node *first, **end;
    size_t room; /* for this many more items */
    bool closed;
};

struct channel *
channel_open(size_t room)
{
    struct channel *c = malloc(sizeof *c);

    if (!c)
        return NULL;
    *c = (struct channel){.end = &c->first, .room = room};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    return c;
}

/*
 * Sleeps until `is_so` or the channel is closed or `ms` have passed, and holds the lock then.
 * pthread_cond_clockwait(3) is told which clock each time.
 */
static void
lock_when(struct channel *c, bool (*is_so)(const struct channel *), int ms)
{
    struct timespec end;
    int error = ms == 0 ? ETIMEDOUT : 0;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += ms % 1000 * 1000000L;
    end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&c->lock);
    while (!is_so(c) && !c->closed && error != ETIMEDOUT)
        error = ms < 0 ? pthread_cond_wait(&c->changed, &c->lock)
                       : pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &end);
}

static bool
has_room(const struct channel *c)
{
    return c->room > 0;
}

static bool
has_item(const struct channel *c)
{
    return c->first;
}

static enum channel_result
unlock(struct channel *c, enum channel_result result)
{
    if (result == CHANNEL_DONE)
        pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return result;
}

enum channel_result
channel_put(struct channel *c, void *item, int ms)
{
    struct node *node = malloc(sizeof *node);

    if (!node)
        abort(); /* there is no result for it */
    *node = (struct node){.item = item};
    lock_when(c, has_room, ms);
    if (c->closed || !has_room(c)) {
        free(node);
        return unlock(c, c->closed ? CHANNEL_CLOSED : CHANNEL_TIMEOUT);
    }
    *c->end = node;
    c->end = &node->next;
    c->room--;
    return unlock(c, CHANNEL_DONE);
}

enum channel_result
channel_take(struct channel *c, void **item, int ms)
{
    struct node *node;

    lock_when(c, has_item, ms);
    node = c->first;
    if (!node)
        return unlock(c, c->closed ? CHANNEL_CLOSED : CHANNEL_TIMEOUT);
    *item = node->item;
    c->first = node->next;
    if (!c->first)
        c->end = &c->first;
    c->room++;
    free(node);
    return unlock(c, CHANNEL_DONE);
}

void
channel_close(struct channel *c)
{
    pthread_mutex_lock(&c->lock);
    c->closed = true;
    unlock(c, CHANNEL_DONE);
}

void
channel_free(struct channel *c)
{
    for (struct node *next; c->first; c->first = next) {
        next = c->first->next;
        free(c->first);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    free(c);
}
