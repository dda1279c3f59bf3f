/*
 * answers-in-order.c - two answers to one peer: the second is sent when the first is done
 *
 * Shows:  a request that cannot be done at once is kept by the kernel, which goes on with it when
 *         the peer has read something. Between two of them it keeps no order. So a connection has
 *         one send on the way, as in uring-echo.
 * Run:    build/06-proactor/answers-in-order
 * Watch:  what the peer gets. With -n 1000, 1,000 bytes each, nothing can go wrong.
 * Breaks: bad-answers-overtake.c
 * Book:   06-proactor, "What goes wrong"
 */
#include "args.h"
#include "error.h"
#include "ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct ring *ring;
static int ends[2];
static size_t size;

/* ---- the server's end ---- */

static void sent(void *, int, uint32_t);

static struct answer {
    struct operation sending;
    char *bytes;
} first = {.sending = {.done = sent, .owner = &first}},
  second = {.sending = {.done = sent, .owner = &second}};

/* MSG_WAITALL: the kernel itself goes on after a short send, until all of it is gone. */
static void
submit(struct answer *a)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_SEND, ends[0], &a->sending);

    sqe->addr = (uintptr_t)a->bytes;
    sqe->len = (unsigned)size;
    sqe->msg_flags = MSG_WAITALL;
}

static void
sent(void *owner, int result, uint32_t flags)
{
    (void)flags;
    if (result != (int)size)
        printf("a send said %d\n", result);
    if (owner == &first)
        submit(&second);
}

/* ---- the peer's ---- */

static void got(void *, int, uint32_t);

static char piece[1 << 16], letter;
static size_t run, missing;

static void
receive(void)
{
    static struct operation receiving = {.done = got};
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_RECV, ends[1], &receiving);

    sqe->addr = (uintptr_t)piece;
    sqe->len = sizeof piece;
}

static void
got(void *unused, int result, uint32_t flags)
{
    (void)unused, (void)flags;
    for (int i = 0; i < result; i++) {
        if (run > 0 && piece[i] != letter) {
            printf(" %zu %c,", run, letter);
            run = 0;
        }
        letter = piece[i];
        run++;
    }
    missing -= result > 0 ? (size_t)result : missing;
    if (missing > 0)
        receive();
    else
        printf(" %zu %c\n", run, letter);
}

int
main(int argc, char **argv)
{
    const char *bytes = "500000";
    const struct own_option own[] = {{'n', "BYTES", "of each answer (500000)", &bytes}, {0}};

    parse_args(argc, argv, own, "");
    size = (size_t)parse_number(bytes, 1, 100000000, "BYTES");
    first.bytes = memset(malloc(size), 'a', size);
    second.bytes = memset(malloc(size), 'b', size);
    missing = 2 * size;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    ring = ring_open(8);
    submit(&first);
    receive();
    printf("the peer gets");
    ring_run(ring);
    ring_close(ring);
    free(first.bytes);
    free(second.bytes);
    return 0;
}
