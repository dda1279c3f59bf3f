/*
 * uring-echo.c - a server that neither reads nor writes: it says what is to be done, and is told
 *
 * Shows:  accept, receive and send as requests. A reactor is told that it could read, and reads; we
 *         are told that it has been read, into our buffer. A peer has one request on the way: what
 *         was received is answered before more is received, so a peer that never reads is not read
 *         from, and as long as the kernel is at a buffer nobody else is.
 * Run:    build/06-proactor/uring-echo -p 8000
 *         build/06-proactor/uring-echo -p 8000 -P http -d book
 * Watch:  strace -c -p PID: one system call, io_uring_enter.
 * Breaks: bad-answers-overtake.c
 * Book:   06-proactor, "Requests and completions"
 */
#include "args.h"
#include "connection.h"
#include "http_files.h"
#include "welcome.h"

#include <stdlib.h>
#include <sys/epoll.h>

enum { AT_ONCE = 1024 };

struct peer {
    struct connection connection;
    struct operation receiving, sending; /* one of them is on the way */
};

static const struct protocol *protocol;

/* ---- peers ---- */

static void
receive(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_RECV, p->connection.fd, &p->receiving);

    sqe->addr = (uintptr_t)buffer_space(&p->connection.in);
    sqe->len = (unsigned)buffer_room(&p->connection.in);
}

static void
send_owed(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_SEND, p->connection.fd, &p->sending);

    sqe->addr = (uintptr_t)buffer_bytes(&p->connection.out);
    sqe->len = (unsigned)buffer_length(&p->connection.out);
}

/* What was on the way is done; what comes next? The answer first. */
static void
go_on(struct peer *p)
{
    uint32_t interest = connection_interest(&p->connection);

    if (interest & EPOLLOUT) {
        send_owed(p);
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
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) { /* no memory for this one */
        free(p);
        close(fd);
        return;
    }
    p->receiving = (struct operation){.done = received, .owner = p};
    p->sending = (struct operation){.done = sent, .owner = p};
    go_on(p);
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *name = "echo";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &name},
                                     {'d', "DIRECTORY", "whose files http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);

    protocol = find_protocol(name);
    http_files_root(directory);
    listener = tcp_listen(args.address, args.port);
    ring = ring_open(AT_ONCE);
    stop_on_signals(listener);
    welcome = begin;
    accept_next();
    announce(listener);
    ring_run(ring); /* told to stop, the listener and every peer come to their end */
    ring_close(ring);
    return 0;
}
