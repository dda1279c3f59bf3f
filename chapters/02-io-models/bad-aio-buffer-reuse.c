/*
 * bad-aio-buffer-reuse.c - two messages are handed to aio_write(), in the same buffer
 *
 * Shows:  aio_write() has returned, so the buffer seems to be free. It is not: the first message
 *         is still being written, and from here on it has the bytes of the second.
 * Run:    build/02-io-models/bad-aio-buffer-reuse
 * Watch:  how many A are left of 4,000,000; it varies, and may be none.
 * Twin:   two-messages.c
 * Book:   02-io-models, "What goes wrong"
 */
#include "args.h"
#include "error.h"

#include <aio.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 4000000 }; /* more than the connection holds */

static char message[MESSAGE];
static struct aiocb request[2];

static void
submit(struct aiocb *r, int fd, char *buf)
{
    *r = (struct aiocb){.aio_fildes = fd,
                        .aio_buf = buf,
                        .aio_nbytes = MESSAGE,
                        .aio_sigevent.sigev_notify = SIGEV_NONE};
    check(aio_write(r), "aio_write");
}

/* The peer begins to read only now, and counts what it gets. */
static void
let_peer_read(int peer, size_t *as, size_t *bs)
{
    char buf[65536];

    while (*as + *bs < 2 * (size_t)MESSAGE) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n <= 0)
            fail("read", "peer");
        for (ssize_t i = 0; i < n; i++)
            buf[i] == 'A' ? ++*as : ++*bs;
    }
}

static void
wait_for(const struct aiocb *r)
{
    while (aio_error(r) == EINPROGRESS)
        if (aio_suspend(&r, 1, NULL) == -1 && errno != EINTR)
            fail("aio_suspend", NULL);
}

int
main(int argc, char **argv)
{
    int pair[2];
    size_t as = 0, bs = 0;

    parse_args(argc, argv, NULL, "");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    memset(message, 'A', MESSAGE);
    submit(&request[0], pair[0], message);
    memset(message, 'B', MESSAGE);
    submit(&request[1], pair[0], message);
    let_peer_read(pair[1], &as, &bs);
    wait_for(&request[0]);
    wait_for(&request[1]);
    printf("written: %d A and %d B; the peer has got: %zu A and %zu B\n", MESSAGE, MESSAGE, as, bs);
    return !(as == MESSAGE && bs == MESSAGE);
}
