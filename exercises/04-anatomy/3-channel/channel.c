/*
 * channel.c - the channel of channel.h
 *
 * Run:    make, then build/channel order (gdb --args build/channel order)
 * Test:   make test
 * Book:   04-anatomy, "A queue that can be closed"
 */
#include "channel.h"

#include <pthread.h>
#include <stdlib.h>

/* TODO: what belongs in here, and which of it does the lock guard? */
struct channel {
    pthread_mutex_t lock;
};

struct channel *
channel_open(size_t room)
{
    (void)room;
    return calloc(1, sizeof(struct channel));
}

enum channel_result
channel_put(struct channel *c, void *item, int ms)
{
    (void)c;
    (void)item;
    (void)ms;
    return CHANNEL_TIMEOUT;
}

enum channel_result
channel_take(struct channel *c, void **item, int ms)
{
    (void)c;
    (void)item;
    (void)ms;
    return CHANNEL_TIMEOUT;
}

void
channel_close(struct channel *c)
{
    (void)c;
}

void
channel_free(struct channel *c)
{
    free(c);
}
