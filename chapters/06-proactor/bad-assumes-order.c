/*
 * bad-assumes-order.c - the same, but the first result is taken for that of the first request
 *
 * Shows:  what was asked for first is thought to be done first. The words are there, each in its
 *         peer's buffer; but the wrong one is looked at, with the length of another.
 * Run:    build/06-proactor/bad-assumes-order
 * Watch:  -e: when the words are there before they are asked for, all is well.
 * Twin:   in-any-order.c
 * Book:   06-proactor, "What goes wrong"
 */
#include "args.h"
#include "error.h"
#include "ring.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PEERS = 3 };

static struct peer {
    char name;
    const char *word;
    struct operation receiving;
    int near, far; /* the other end, through which the peer itself speaks */
    char buf[16];
} peers[PEERS] = {{.name = 'A', .word = "watermelon"},
                  {.name = 'B', .word = "pear"},
                  {.name = 'C', .word = "fig"}};

static struct ring *ring;

static void
received(void *owner, int result, uint32_t flags)
{
    static int answered;
    struct peer *p = &peers[answered++];

    (void)owner, (void)flags;
    printf("%c says: %.*s\n", p->name, result, p->buf);
}

static void
ask(struct peer *p)
{
    struct io_uring_sqe *sqe;

    p->receiving = (struct operation){.done = received, .owner = p};
    sqe = ring_prepare(ring, IORING_OP_RECV, p->near, &p->receiving);
    sqe->addr = (uintptr_t)p->buf;
    sqe->len = sizeof p->buf;
}

static void
speak(const struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_SEND, p->far, NULL);

    sqe->addr = (uintptr_t)p->word;
    sqe->len = (unsigned)strlen(p->word);
}

int
main(int argc, char **argv)
{
    const char *early = NULL;
    const struct own_option own[] = {{'e', NULL, "they speak before they are asked", &early}, {0}};

    parse_args(argc, argv, own, "");
    ring = ring_open(8);
    for (int i = 0; i < PEERS; i++) {
        int ends[2];

        check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
        peers[i].near = ends[0];
        peers[i].far = ends[1];
    }
    for (int i = PEERS - 1; early && i >= 0; i--)
        speak(&peers[i]);
    for (int i = 0; i < PEERS; i++)
        ask(&peers[i]);
    for (int i = PEERS - 1; !early && i >= 0; i--)
        speak(&peers[i]);
    ring_run(ring);
    ring_close(ring);
    return 0;
}
