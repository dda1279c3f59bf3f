/*
 * on-the-way.c - a peer on a ring, which gets back what it says out of the buffer it came in
 *
 * Run:    make, then build/on-the-way both (gdb --args build/on-the-way both)
 * Test:   make test
 * Book:   06-proactor, "Requests and completions"
 *
 * Another way: a part has its own memory, and its own operation. It is made to be received into,
 * and goes through one pair of hands after the other until it has been sent: then it is gone.
 * Nobody has to ask whose it is.
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

struct part {
    struct operation operation;
    struct peer *peer;
    struct part *next; /* that has come after it */
    unsigned start, end;
    char bytes[SIZE];
};

struct peer {
    struct ring *ring;
    int fd;
    bool ended, broken;
    struct part *coming; /* the kernel's, or NULL */
    struct part *first;  /* of those that are owed; while `sending`, it is the kernel's */
    bool sending;
};

static void received(void *part, int result, uint32_t flags);
static void sent(void *part, int result, uint32_t flags);

static void
ask_to_receive(struct peer *p, struct part *part)
{
    struct io_uring_sqe *sqe;

    part->operation = (struct operation){.done = received, .owner = part};
    sqe = ring_prepare(p->ring, IORING_OP_RECV, p->fd, &part->operation);
    sqe->addr = (uintptr_t)part->bytes;
    sqe->len = SIZE;
    p->coming = part;
}

static void
ask_to_send(struct peer *p)
{
    struct part *part = p->first;
    struct io_uring_sqe *sqe;

    part->operation = (struct operation){.done = sent, .owner = part};
    sqe = ring_prepare(p->ring, IORING_OP_SEND, p->fd, &part->operation);
    sqe->addr = (uintptr_t)(part->bytes + part->start);
    sqe->len = part->end - part->start;
    p->sending = true;
}

static struct part *
new_part(struct peer *p)
{
    struct part *part = calloc(1, sizeof *part);

    if (!part)
        fail("calloc", NULL);
    part->peer = p;
    return part;
}

static void
forget_first(struct peer *p)
{
    struct part *gone = p->first;

    p->first = gone->next;
    free(gone);
}

static void
go_on(struct peer *p)
{
    if (!p->ended && !p->coming && (!p->first || !p->first->next))
        ask_to_receive(p, new_part(p));
    if (!p->broken && !p->sending && p->first)
        ask_to_send(p);
    if (p->coming || p->sending)
        return;
    while (p->first)
        forget_first(p);
    peer_over(p->fd);
    free(p);
}

static void
received(void *owner, int result, uint32_t flags)
{
    struct part *part = owner;
    struct peer *p = part->peer;

    (void)flags;
    p->coming = NULL;
    if (result > 0) {
        part->end = (unsigned)result;
        *(p->first ? &p->first->next : &p->first) = part;
    } else {
        free(part);
        p->ended = p->ended || (result != -EINTR && result != -EAGAIN);
        p->broken = p->broken ||
                    (result < 0 && result != -EINTR && result != -EAGAIN && result != -ECANCELED);
    }
    go_on(p);
}

static void
sent(void *owner, int result, uint32_t flags)
{
    struct part *part = owner;
    struct peer *p = part->peer;

    (void)flags;
    p->sending = false;
    if (result > 0)
        part->start += (unsigned)result;
    if (part->start == part->end)
        forget_first(p);
    if (result < 0 && result != -EINTR && result != -EAGAIN) {
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
    ask_to_receive(p, new_part(p));
    return p;
}

/* Nothing more is asked of it; what it has said by then it still gets back. */
void
peer_stop(struct peer *p)
{
    p->ended = true;
    if (p->coming)
        ring_cancel(p->ring, &p->coming->operation);
}
