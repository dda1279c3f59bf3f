/*
 * peer.h - a connection that can stop anywhere and go on later
 *
 * All that it needs for that lies in one struct: two buffers, the protocol's state, and what the
 * peer has to do next, with a deadline. No function here waits.
 */
#pragma once

#include "protocol.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* What a peer has to do until its deadline. */
enum task {
    TO_BEGIN, /* to send the first byte of a message: after that, it is closed without a word */
    TO_ASK,   /* to send the rest of a head: one deadline for all of it, however it trickles */
    TO_SEND,  /* to send more of a body: the deadline is put off by every byte */
    TO_READ,  /* to take what it is owed: put off by every byte, too */
    TO_LEAVE, /* to end its side, as we have ended ours: one deadline */
};

struct peer {
    const struct protocol *protocol;
    void *state; /* of the protocol */
    struct buffer in, out;
    enum feed wants; /* what feed() said last */
    bool ended;      /* the peer has sent its last byte */
    enum task task;
    int64_t deadline, patience; /* when, and how long, in nanoseconds; see clock.h */
    int queued;                 /* bytes that the kernel kept for it at the last deadline */
};

/* Begins a conversation on `w->fd`, and says in `w` what to poll for. False: there is no memory. */
bool peer_open(struct peer *p, struct pollfd *w, const struct protocol *protocol, int64_t patience);

/* Gives everything back; the descriptor is the caller's. */
void peer_close(struct peer *p);

/*
 * poll() has found something: reads, feeds and writes, once each, and says in `w` what to poll
 * for now. False: the connection is over.
 */
bool peer_step(struct peer *p, struct pollfd *w);

/* The deadline has passed. As peer_step(). */
bool peer_late(struct peer *p, struct pollfd *w);
