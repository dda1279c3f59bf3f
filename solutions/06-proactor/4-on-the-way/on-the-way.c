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
    bool on_receive, on_send; /* the kernel has not told yet */
    bool ended;               /* nothing more is to be received */
    bool broken;              /* nothing can be sent any more */
    struct part parts[PARTS];
    size_t come, gone; /* how many parts have come, and how many have gone out */
};

static void
ask_to_receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(p->ring, IORING_OP_RECV, p->fd, &p->receiving);
    struct part *part = &p->parts[p->come % PARTS];

    sqe->addr = (uintptr_t)part->bytes;
    sqe->len = SIZE;
    p->on_receive = true;
}

static void
ask_to_send(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(p->ring, IORING_OP_SEND, p->fd, &p->sending);
    struct part *part = &p->parts[p->gone % PARTS];

    sqe->addr = (uintptr_t)(part->bytes + part->start);
    sqe->len = part->end - part->start;
    p->on_send = true;
}

/* Something has been done: what is to be asked for now? */
static void
go_on(struct peer *p)
{
    if (!p->ended && !p->on_receive && p->come - p->gone < PARTS)
        ask_to_receive(p);
    if (!p->broken && !p->on_send && p->gone < p->come)
        ask_to_send(p);
    if (p->on_receive || p->on_send)
        return; /* the kernel is using our memory */
    peer_over(p->fd);
    free(p);
}

static bool
nothing_was_done(int result)
{
    return result == -EINTR || result == -EAGAIN;
}

static void
received(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    (void)flags;
    p->on_receive = false;
    if (result > 0) {
        struct part *part = &p->parts[p->come++ % PARTS];

        part->start = 0;
        part->end = (unsigned)result;
    } else if (!nothing_was_done(result)) {
        p->broken = p->broken || (result < 0 && result != -ECANCELED);
        p->ended = true;
    }
    go_on(p);
}

static void
sent(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;
    struct part *part = &p->parts[p->gone % PARTS];

    (void)flags;
    p->on_send = false;
    if (result > 0) {
        part->start += (unsigned)result;
        p->gone += part->start == part->end;
    } else if (!nothing_was_done(result)) {
        p->broken = true;
        peer_stop(p);
    }
    go_on(p);
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
    p->ended = true;
    if (p->on_receive)
        ring_cancel(p->ring, &p->receiving);
}
