/*
 * on-the-way.c - a peer on a ring, which gets back what it says out of the buffer it came in
 *
 * Run:    make, then build/on-the-way both (gdb --args build/on-the-way both)
 * Test:   make test
 * Book:   06-proactor, "Requests and completions"
 */
#include "error.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>

/* ---- what is given ---- */

void peer_over(int fd); /* closes it; from now on nothing of the peer is left */

/* ---- what is to be finished ---- */

enum { SIZE = 64, PARTS = 2 };

struct peer;
struct peer *peer_begin(struct ring *ring, int fd);
void peer_stop(struct peer *p);

/* What one result has brought. Part n is in parts[n % PARTS]. */
struct part {
    char bytes[SIZE];
    unsigned start, end; /* what is still to be sent of it */
};

struct peer {
    struct ring *ring;
    int fd;
    struct operation receiving, sending;
    struct part parts[PARTS];
    size_t come; /* how many parts have come */
};

static void
ask_to_receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(p->ring, IORING_OP_RECV, p->fd, &p->receiving);
    struct part *part = &p->parts[p->come % PARTS];

    sqe->addr = (uintptr_t)part->bytes;
    sqe->len = SIZE;
}

static void
ask_to_send(struct peer *p, struct part *part)
{
    struct io_uring_sqe *sqe = ring_prepare(p->ring, IORING_OP_SEND, p->fd, &p->sending);

    sqe->addr = (uintptr_t)(part->bytes + part->start);
    sqe->len = part->end - part->start;
}

/* TODO: from the moment it is asked for until it is told as done, a request is on the way, and its
 * buffer, its operation and the peer are the kernel's. What may be asked for, and when? Has a
 * request done all that it was asked for? And when is the peer over? */
static void
received(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;
    struct part *part = &p->parts[p->come % PARTS];

    (void)flags;
    if (result <= 0) {
        peer_over(p->fd);
        free(p);
        return;
    }
    part->start = 0;
    part->end = (unsigned)result;
    ask_to_send(p, part);
    p->come++;
    ask_to_receive(p);
}

static void
sent(void *owner, int result, uint32_t flags)
{
    (void)owner;
    (void)result;
    (void)flags;
}

/* From now on `fd` gets back what it says. */
struct peer *
peer_begin(struct ring *ring, int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p)
        fail("calloc", NULL);
    p->ring = ring;
    p->fd = fd;
    p->receiving = (struct operation){.done = received, .owner = p};
    p->sending = (struct operation){.done = sent, .owner = p};
    ask_to_receive(p);
    return p;
}

/* Nothing more is asked of it; what it has said by then it still gets back. */
void
peer_stop(struct peer *p)
{
    peer_over(p->fd);
    free(p);
}
