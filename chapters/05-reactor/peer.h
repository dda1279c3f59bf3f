/*
 * peer.h - a peer in an event loop: from accept to close, without waiting for it
 *
 * What the servers of this chapter share. What is said, and what there is to wait for, is the
 * connection's business (lib/connection.c); the waiting is the loop's (lib/loop.c).
 */
#pragma once

#include "connection.h"
#include "loop.h"

#include <stdlib.h>
#include <unistd.h>

struct peer {
    struct handler handler;
    struct timer timer; /* not set, unless somebody sets it */
    struct connection connection;
};

static inline void
peer_end(struct peer *p)
{
    loop_clear_timer(p->handler.loop, &p->timer);
    loop_remove(&p->handler); /* first: once it is closed, its number may be another's */
    connection_close(&p->connection);
    free(p);
}

/*
 * Sending is tried at once: a socket is nearly always writable. What is left is kept, and only
 * then is writability waited for.
 */
static inline void
peer_ready(void *owner, uint32_t events)
{
    struct peer *p = owner;
    uint32_t interest;

    if (events & ~(uint32_t)EPOLLOUT)
        connection_receive(&p->connection);
    connection_send(&p->connection);
    interest = connection_interest(&p->connection);
    if (interest)
        loop_change(&p->handler, interest);
    else
        peer_end(p);
}

/* For `fd`, which it owns from then on. NULL: there is no memory for one more, and it is closed. */
static inline struct peer *
peer_new(int fd, const struct protocol *protocol)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) {
        free(p);
        close(fd);
        return NULL;
    }
    p->handler = (struct handler){.fd = fd, .interest = EPOLLIN, .ready = peer_ready, .owner = p};
    return p;
}

/* Has it served in the loop. False: there is none (NULL), or the loop cannot take one more. */
static inline bool
peer_join(struct loop *loop, struct peer *p)
{
    if (!p || loop_add(loop, &p->handler))
        return p != NULL;
    connection_close(&p->connection);
    free(p);
    return false;
}
