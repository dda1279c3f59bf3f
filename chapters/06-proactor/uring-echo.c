/*
 * uring-echo.c - a server that neither reads nor writes: it says what is to be done, and is told
 *
 * Shows:  accept, receive and send as requests. A reactor is told that it could read, and reads; we
 *         are told that it has been read, into our buffer. A peer has one request on the way: what
 *         was received is answered before more is received, so a peer that never reads is not read
 *         from, and while the kernel uses a buffer nobody else does.
 * Run:    build/06-proactor/uring-echo -p 8000
 *         build/06-proactor/uring-echo -p 8000 -P http -d book
 * Watch:  strace -c -p PID: one system call, io_uring_enter.
 * Breaks: bad-answers-overtake.c
 * Book:   06-proactor, "Requests and completions"
 */
#include "welcome.h"

#include <stdlib.h>

struct peer {
    struct connection connection;
    struct operation receiving, sending; /* one of them is on the way */
};

/* ---- peers ---- */

static void
receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_RECV, p->connection.fd, &p->receiving);

    sqe->addr = (uintptr_t)buffer_space(&p->connection.in);
    sqe->len = (unsigned)buffer_room(&p->connection.in);
}

/* What was on the way is done; what comes next? The answer first. */
static void
go_on(struct peer *p)
{
    uint32_t interest = connection_interest(&p->connection);

    if (interest & EPOLLOUT) {
        send_owed(&p->connection, &p->sending);
    } else if (interest & EPOLLIN) {
        receive(p);
    } else {
        connection_close(&p->connection);
        free(p);
    }
}

static void
received(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    (void)flags;
    connection_received(&p->connection, result);
    go_on(p);
}

static void
sent(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    (void)flags;
    connection_sent(&p->connection, result);
    go_on(p);
}

static void
begin(int fd)
{
    struct peer *p = connection_new(fd, sizeof *p);

    if (!p)
        return;
    p->receiving = (struct operation){.done = received, .owner = p};
    p->sending = (struct operation){.done = sent, .owner = p};
    go_on(p);
}

int
main(int argc, char **argv)
{
    set_up(argc, argv, begin, NULL);
    accept_next();
    announce(listener);
    ring_run(ring); /* told to stop, the listener and every peer come to their end */
    ring_close(ring);
    return 0;
}
