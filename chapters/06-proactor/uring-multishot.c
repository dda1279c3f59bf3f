/*
 * uring-multishot.c - once asked, many times told; and the kernel takes a buffer when it needs one
 *
 * Shows:  accept and receive are requests that go on. What has come lies in a buffer of a group
 *         that all peers share: one that says nothing holds none. A buffer is given back when what
 *         is in it has been copied, not before. A peer that sends and does not read has its request
 *         cancelled; that is made anew when the peer has taken what it is owed.
 * Run:    build/06-proactor/uring-multishot -p 8000
 *         build/06-proactor/uring-multishot -p 8000 -P http -d book
 * Watch:  -v, and kill it: how many requests to receive there were, and how many results.
 * Breaks: bad-buffer-reused.c
 * Book:   06-proactor, "Once asked, many times told"
 */
#include "early.h"
#include "welcome.h"

#include <stdio.h>
#include <stdlib.h>

enum { GROUP = 0, BUFFERS = 256, BUFFER_SIZE = 4096 };

/* A peer with this much early is not received from; a turn may bring all buffers, and one again. */
enum { EARLY_MOST = 1 << 16, EARLY_ROOM = EARLY_MOST + (BUFFERS + 1) * BUFFER_SIZE };

struct peer {
    struct connection connection;
    struct operation receiving, sending;
    bool on_receive, on_send, given_up; /* requests on the way; the first has been cancelled */
    struct early early; /* what came while there was no room, or the kernel was sending */
};

static struct ring_buffers *buffers;
static long requests, results, cancelled, without_buffer;

/* ---- what there is to do for a peer ---- */

static void
receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_RECV, p->connection.fd, &p->receiving);

    sqe->ioprio = IORING_RECV_MULTISHOT;
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    p->on_receive = true;
    requests++;
}

static void
give_up(struct peer *p)
{
    if (!p->given_up)
        ring_cancel(ring, &p->receiving);
    p->given_up = true;
}

static void
go_on(struct peer *p)
{
    uint32_t interest;

    if (!p->on_send) /* the kernel is not sending its answers */
        early_give(&p->early, &p->connection);
    interest = connection_interest(&p->connection);
    if (interest & EPOLLOUT && !p->on_send) {
        send_owed(&p->connection, &p->sending);
        p->on_send = true;
    }
    if (p->on_receive && (!interest || buffer_length(&p->early.bytes) > EARLY_MOST))
        give_up(p);
    if (interest && !p->on_receive && p->early.last_word > 0 && buffer_length(&p->early.bytes) == 0)
        receive(p);
    if (interest || p->on_receive || p->on_send)
        return;
    connection_close(&p->connection);
    buffer_close(&p->early.bytes);
    free(p);
}

/* ---- what has been done ---- */

static void
received(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    results++;
    cancelled += result == -ECANCELED;
    without_buffer += result == -ENOBUFS;
    if (flags & IORING_CQE_F_BUFFER) {
        char *bytes = ring_buffer(buffers, flags);
        size_t len = (size_t)result, taken = 0;

        if (!p->on_send && !p->early.bytes.memory)
            taken = give(&p->connection, bytes, len);
        if (taken < len)
            early_keep(&p->early, bytes + taken, len - taken);
        ring_give_back(buffers, bytes);
    } else if (result != -ECANCELED && result != -ENOBUFS && result != -EINTR &&
               result != -EAGAIN) {
        p->early.last_word = result;
    }
    if (!(flags & IORING_CQE_F_MORE))
        p->on_receive = p->given_up = false;
    go_on(p);
}

static void
sent(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    (void)flags;
    p->on_send = false;
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
    p->early = (struct early){.room = EARLY_ROOM, .last_word = 1};
    go_on(p);
}

int
main(int argc, char **argv)
{
    const char *verbose = NULL;

    set_up(argc, argv, begin, &verbose);
    buffers = ring_buffers_open(ring, GROUP, BUFFERS, BUFFER_SIZE);
    accept_how = IORING_ACCEPT_MULTISHOT;
    accept_next();
    announce(listener);
    ring_run(ring); /* told to stop, the listener and every peer come to their end */
    ring_close(ring);
    ring_buffers_close(buffers);
    if (verbose)
        fprintf(stderr,
                "%ld requests to receive, %ld results: %ld cancelled, %ld without a buffer\n",
                requests, results, cancelled, without_buffer);
    return 0;
}
