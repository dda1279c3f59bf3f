/*
 * peers.h - all connections of an I/O unit that waits for all of them at once
 */
#pragma once

#include "peer.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct peers {
    struct peer **list; /* `count` of them; a peer stays where it is, the list does not */
    size_t count;
    struct pollfd *watched; /* for poll(): the three of `enum` in peers.c, then the peers */
    size_t room;            /* of both */
    int listener;           /* -1 when the program is to stop */
    int signals;            /* readable when there is a signal: see signalfd(2) */
    int64_t deadline;       /* of the peers, when the program is to stop; see clock.h */
};

/*
 * No peers yet. SIGTERM and SIGINT are events from now on: in this thread, and in all that it
 * makes, they are blocked.
 */
struct peers peers_begin(int listener);

/*
 * One turn: sleeps until something happens, then accepts whoever has come, receives what has come
 * and sends what can be sent. `alarm` is one more descriptor to wake up for, or -1. With `receive`
 * false nobody is accepted and nothing is received. False: it is time to stop, and nothing is owed
 * any more, or the second is over.
 */
bool peers_turn(struct peers *p, int alarm, bool receive);

/* Closes what is still open. No peer may be lent. */
void peers_end(struct peers *p);
