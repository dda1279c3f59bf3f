/*
 * one-loop.h - one thread that serves a protocol to all its peers
 *
 * What the servers of this chapter share: the loop of chapter 05, as small as it can be. While the
 * protocol does not return, nobody is served.
 */
#pragma once

#include "connection.h"
#include "error.h"
#include "loop.h"
#include "net.h"

#include <stdlib.h>
#include <unistd.h>

struct peer {
    struct handler handler;
    struct connection connection;
};

struct door {
    struct handler handler; /* of the listener */
    const struct protocol *protocol;
};

static inline void
peer_ready(void *owner, uint32_t events)
{
    struct peer *p = owner;
    uint32_t interest;

    if (events & ~(uint32_t)EPOLLOUT)
        connection_receive(&p->connection);
    connection_send(&p->connection);
    interest = connection_interest(&p->connection);
    if (interest) {
        loop_change(&p->handler, interest);
    } else {
        loop_remove(&p->handler);
        connection_close(&p->connection);
        free(p);
    }
}

static inline void
let_in(struct loop *loop, int fd, const struct protocol *protocol)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) {
        free(p);
        close(fd);
        return;
    }
    p->handler = (struct handler){.fd = fd, .interest = EPOLLIN, .ready = peer_ready, .owner = p};
    if (!loop_add(loop, &p->handler)) {
        connection_close(&p->connection);
        free(p);
    }
}

static inline void
welcome(void *owner, uint32_t events)
{
    struct door *d = owner;
    enum io_result result;
    int fd;

    (void)events;
    while ((result = accept_peer(d->handler.fd, &fd)) == IO_DATA)
        let_in(d->handler.loop, fd, d->protocol);
    if (result == IO_END) { /* the program is to stop */
        loop_remove(&d->handler);
        close(d->handler.fd);
    }
}

/* Returns when the program is told to stop, and every peer has come to its end. */
static inline void
serve(int listener, const struct protocol *protocol)
{
    struct loop *loop = loop_open();
    struct door d = {.protocol = protocol};

    d.handler =
        (struct handler){.fd = listener, .interest = EPOLLIN, .ready = welcome, .owner = &d};
    set_nonblocking(listener);
    if (!loop_add(loop, &d.handler))
        fail("epoll_ctl", NULL);
    loop_run(loop);
    loop_close(loop);
}
