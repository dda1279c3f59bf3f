/*
 * buffer-on-loan.c - a buffer of the group is given back when its bytes are gone, not before
 *
 * Shows:  an echo that sends out of the very buffer in which the kernel has received, without a
 *         copy. A does not read yet, so its answer is not gone yet: as long as that is so, the
 *         buffer is not given back. There is no other here, so B is told ENOBUFS, and waits.
 * Run:    build/06-proactor/buffer-on-loan
 * Watch:  what A gets.
 * Breaks: bad-buffer-reused.c
 * Book:   06-proactor, "What goes wrong"
 */
#include "error.h"
#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { GROUP = 0, BUFFERS = 1, SIZE = 16 };

static struct peer {
    char name;
    struct operation receiving, sending;
    int near, far;   /* the other end, through which the peer itself speaks */
    char *buffer;    /* with what it has said in it */
    char word[SIZE]; /* what it has heard */
    size_t heard;
} a = {.name = 'A'}, b = {.name = 'B'};

static struct ring *ring;
static struct ring_buffers *buffers;
static struct peer *waits; /* until there is a buffer */

static void
receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_RECV, p->near, &p->receiving);

    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
}

static void
give_back(struct peer *p)
{
    ring_give_back(buffers, p->buffer);
    if (waits)
        receive(waits);
    waits = NULL;
}

static void
sent(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;

    (void)result, (void)flags;
    give_back(p);
}

static void
received(void *owner, int result, uint32_t flags)
{
    struct peer *p = owner;
    struct io_uring_sqe *sqe;

    if (result == -ENOBUFS) {
        printf("%c has spoken, and there is no buffer\n", p->name);
        waits = p;
        return;
    }
    p->buffer = ring_buffer(buffers, flags);
    printf("%c says: %.*s\n", p->name, result, p->buffer);
    sqe = ring_prepare(ring, IORING_OP_SEND, p->near, &p->sending);
    sqe->addr = (uintptr_t)p->buffer;
    sqe->len = (unsigned)result;
}

/* ---- the peers ---- */

static void
join(struct peer *p, const char *word)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    *p = (struct peer){.name = p->name,
                       .receiving = {.done = received, .owner = p},
                       .sending = {.done = sent, .owner = p},
                       .near = ends[0],
                       .far = ends[1]};
    check((int)send(p->far, word, strlen(word), 0), "send");
}

/* So much is owed to the peer already that nothing more can be sent until it reads. */
static void
owe_much_to(const struct peer *p)
{
    while (send(p->near, ".", 1, MSG_DONTWAIT) == 1)
        ;
}

/* What it has heard so far; what was owed before is passed over. */
static void
read_all(struct peer *p)
{
    char c;

    while (recv(p->far, &c, 1, MSG_DONTWAIT) == 1)
        if (c != '.' && p->heard < SIZE)
            p->word[p->heard++] = c;
}

int
main(void)
{
    ring = ring_open(8);
    buffers = ring_buffers_open(ring, GROUP, BUFFERS, SIZE);
    join(&a, "A's secret");
    join(&b, "B's secret");
    owe_much_to(&a);
    receive(&a);
    ring_turn(ring); /* A has spoken, and is to be answered */
    receive(&b);
    ring_turn(ring);
    read_all(&a); /* now there is room for the answer */
    ring_run(ring);
    read_all(&a);
    read_all(&b);
    printf("A gets:  %.*s\nB gets:  %.*s\n", (int)a.heard, a.word, (int)b.heard, b.word);
    ring_close(ring);
    ring_buffers_close(buffers);
    return 0;
}
