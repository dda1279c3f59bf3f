/*
 * protocol.h - what is said on a connection, kept apart from how it is served
 *
 * A protocol never touches a peer's descriptor. Whoever serves (one thread or many, poll or
 * io_uring) reads into one buffer, calls feed(), and writes what lies in the other. So every
 * model can speak every protocol, and one client measures them all.
 *
 *     protocol->start(state);                     once: `state` is state_size zeroed bytes
 *     for (;;) {
 *         read some bytes of the peer into `in`
 *         wants = protocol->feed(state, in, out);
 *         write some bytes of `out` to the peer
 *     }
 *     protocol->end(state);                       once, whatever has happened
 *
 * The invariant that makes it work: feed() goes on until it can go no further. Then either `in`
 * holds nothing that it can use, or `out` has no room (FEED_ROOM). So
 *
 * - call it when bytes have come, and when it has said FEED_ROOM and bytes of `out` are gone;
 * - after FEED_ROOM do not read: that is back-pressure, and `in` is bounded, too;
 * - when the peer has ended its input, go on as before, without reading; once feed() says anything
 *   but FEED_ROOM and `out` is empty, nothing is owed any more, and the connection can be closed.
 *
 * Chapter 08 opens it.
 */
#pragma once

#include "buffer.h"

#include <stddef.h>

/* Capacities of `in` and `out` that suffice for every protocol; smaller ones may not. */
enum { PROTOCOL_IN = 16 << 10, PROTOCOL_OUT = 32 << 10 };

/* What feed() waits for now. Deadlines depend on it; without any, only the last two matter. */
enum feed {
    FEED_IDLE,  /* the first byte of a message: a peer may take its time */
    FEED_HEAD,  /* the rest of a head: a peer that trickles must not take for ever over it */
    FEED_BODY,  /* more of a body: it may be long, but it must go on */
    FEED_ROOM,  /* room in `out`: the peer has to read first, then feed() again */
    FEED_FLUSH, /* nothing: send what is in `out`, then close; `in` is of no more interest */
    FEED_CLOSE, /* nothing: close at once; what is in `out` is not worth sending */
};

struct protocol {
    const char *name;
    size_t state_size; /* of one connection */

    /* Begins with a state of zeroed memory. Cannot fail. */
    void (*start)(void *state);

    /*
     * Takes what it can from `in`, appends answers to `out`; see above. Once it has said
     * FEED_FLUSH or FEED_CLOSE, it is not called again.
     */
    enum feed (*feed)(void *state, struct buffer *in, struct buffer *out);

    /* The peer took too long over a head or a body: appends a last word to `out`, if it has one. */
    void (*late)(void *state, struct buffer *out);

    /* Gives back what the state holds (an open file); the memory itself is the caller's. */
    void (*end)(void *state);
};

/* Every byte comes back, as it came. */
extern const struct protocol echo_protocol;

/* "echo" or "http" (see http_files.h); another name prints one line and exits with 2. */
const struct protocol *find_protocol(const char *name);
