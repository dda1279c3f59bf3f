/*
 * connection.h - a connection that speaks a protocol and never waits
 *
 * All it needs to stop anywhere and go on later lies in one struct. It says itself what it has to
 * wait for: whatever does the waiting, be it epoll, poll or somebody else's loop, calls it again
 * then. It belongs to one thread at a time. Chapter 05 opens it.
 */
#pragma once

#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct connection {
    int fd;
    const struct protocol *protocol;
    void *state;           /* the protocol's */
    struct buffer in, out; /* received, and not used yet; owed, and not sent yet */
    enum feed wants;       /* what feed() said last */
    bool ended;            /* the peer has sent its last byte */
    bool leaving;          /* we have sent ours */
    bool broken;
};

/* Begins a conversation on `fd`, which becomes nonblocking. False: there is no memory, and `fd` is
 * still the caller's. */
bool connection_open(struct connection *c, int fd, const struct protocol *protocol);

/* Gives everything back, and closes the descriptor. */
void connection_close(struct connection *c);

/* Reads once, as much as there is room for, and lets the protocol answer. */
void connection_receive(struct connection *c);

/* Writes once, as much of what is owed as the kernel takes. */
void connection_send(struct connection *c);

/*
 * What there is to wait for now. EPOLLOUT: to send, as long as something is owed, and only then:
 * a socket is nearly always writable. EPOLLIN: to receive, as long as there is room for what may
 * come; else the peer has to wait, in its write(). 0: nothing, the connection is over.
 */
uint32_t connection_interest(struct connection *c);

/* ---- for those who have somebody else read and write (chapter 06) ---- */

/*
 * Then EPOLLIN in the interest means: have something put into buffer_space() of `in`. EPOLLOUT:
 * have the bytes of `out` taken. A buffer belongs to whoever works on it, until the work is done;
 * then the connection is told what a read or a write would have returned, or -errno.
 */
void connection_received(struct connection *c, ssize_t n);
void connection_sent(struct connection *c, ssize_t n);
