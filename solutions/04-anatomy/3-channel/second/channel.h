/*
 * channel.h - a queue between threads that can be closed
 *
 * Items go in at one end and come out at the other, first in, first out. An item is a pointer, any
 * pointer, even NULL; what it points to belongs to whoever put it in until somebody takes it. All
 * functions but the first and the last may be called by any thread at any time.
 */
#pragma once

#include <stddef.h>

struct channel;

/* A channel with room for `room` items, 1 or more. NULL: there is no memory. */
struct channel *channel_open(size_t room);

enum channel_result {
    CHANNEL_DONE,    /* the item is in it, or has come out of it */
    CHANNEL_TIMEOUT, /* the time is up; nothing has changed */
    CHANNEL_CLOSED,  /* there will never be anything to wait for again; nothing has changed */
};

/*
 * Both sleep, until `ms` milliseconds have passed and no less: channel_put() as long as there is no
 * room, channel_take() as long as there is no item. 0: they only look; -1: for as long as it takes.
 * Nothing that other threads do in the meantime makes the time longer.
 *
 * Once the channel is closed, channel_put() returns CHANNEL_CLOSED at once. channel_take() still
 * takes what is in it; then it returns CHANNEL_CLOSED, too. *item is set only on CHANNEL_DONE.
 */
enum channel_result channel_put(struct channel *c, void *item, int ms);
enum channel_result channel_take(struct channel *c, void **item, int ms);

/* Closes it. Whoever sleeps in one of the two wakes up. To close it twice does no harm. */
void channel_close(struct channel *c);

/* Frees it, even if there are items in it. No other call may be under way, or come later. */
void channel_free(struct channel *c);
