/*
 * bad-answers-overtake.c - the same, but both answers are handed over at once
 *
 * Shows:  the kernel tries one, then the other, and goes on with either when there is room: so the
 *         peer gets them in pieces, in turn. Every result is what one would wish for.
 * Run:    build/06-proactor/bad-answers-overtake
 * Watch:  -n 1000: as long as there is room for both, all is well.
 * Twin:   answers-in-order.c
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
    (void)owner, (void)flags;
    if (result != (int)size)
        printf("a send said %d\n", result);
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
    submit(&second);
    receive();
    printf("the peer gets");
    ring_run(ring);
    ring_close(ring);
    free(first.bytes);
    free(second.bytes);
    return 0;
}
