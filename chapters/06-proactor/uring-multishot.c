/*
 * uring-multishot.c - once asked, many times told; and the kernel takes a buffer when it needs one
 *
 * Shows:  accept and receive are requests that go on. What has come lies in a buffer of a group
 *         that all peers share: who says nothing holds none. A buffer is given back when what is in
 *         it has been copied, not before. Who sends and does not read has his request cancelled; it
 *         is made anew when he has taken what he is owed.
 * Run:    build/06-proactor/uring-multishot -p 8000
 *         build/06-proactor/uring-multishot -p 8000 -P http -d book
 * Watch:  -v, and kill it: how many requests to receive there were, and how many results.
 * Breaks: bad-buffer-reused.c
 * Book:   06-proactor, "Once asked, many times told"
 */
#include "args.h"
#include "connection.h"
#include "http_files.h"
#include "welcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { AT_ONCE = 1024, GROUP = 0, BUFFERS = 256, BUFFER_SIZE = 4096 };

/* Who has so much early is not received from; in one turn it may get all buffers, and one again. */
enum { EARLY_MOST = 1 << 16, EARLY_ROOM = EARLY_MOST + (BUFFERS + 1) * BUFFER_SIZE };

struct peer {
    struct connection connection;
    struct operation receiving, sending;
    bool on_receive, on_send, given_up; /* requests on the way; the first has been cancelled */
    struct buffer early; /* came while there was no room, or the kernel was at our answers */
    int last_word;       /* and after that: the end (0), or an error; 1: neither yet */
};

static const struct protocol *protocol;
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
send_owed(struct peer *p)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_SEND, p->connection.fd, &p->sending);

    sqe->addr = (uintptr_t)buffer_bytes(&p->connection.out);
    sqe->len = (unsigned)buffer_length(&p->connection.out);
    p->on_send = true;
}

static void
give_up(struct peer *p)
{
    if (!p->given_up)
        ring_cancel(ring, &p->receiving);
    p->given_up = true;
}

/* So much of `bytes` as the connection takes now: nothing while the kernel is at its answers. */
static size_t
take(struct peer *p, const char *bytes, size_t len)
{
    size_t room = buffer_room(&p->connection.in);

    if (len == 0 || p->on_send || !(connection_interest(&p->connection) & EPOLLIN))
        return 0;
    if (len > room)
        len = room;
    memcpy(buffer_space(&p->connection.in), bytes, len);
    connection_received(&p->connection, (ssize_t)len);
    return len;
}

static bool
keep(struct peer *p, const char *bytes, size_t len)
{
    return (p->early.memory || buffer_open(&p->early, EARLY_ROOM)) &&
           buffer_append(&p->early, bytes, len);
}

static void
take_early(struct peer *p)
{
    size_t taken;

    while ((taken = take(p, buffer_bytes(&p->early), buffer_length(&p->early))) > 0)
        buffer_consume(&p->early, taken);
    if (buffer_length(&p->early) > 0)
        return;
    buffer_close(&p->early);
    if (p->last_word <= 0 && !p->on_send)
        connection_received(&p->connection, p->last_word);
}

static void
go_on(struct peer *p)
{
    uint32_t interest;

    take_early(p);
    interest = connection_interest(&p->connection);
    if (interest & EPOLLOUT && !p->on_send)
        send_owed(p);
    if (p->on_receive && (!interest || buffer_length(&p->early) > EARLY_MOST))
        give_up(p);
    if (interest && !p->on_receive && p->last_word > 0 && buffer_length(&p->early) == 0)
        receive(p);
    if (interest || p->on_receive || p->on_send)
        return;
    connection_close(&p->connection);
    buffer_close(&p->early);
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
        size_t len = (size_t)result, taken = p->early.memory ? 0 : take(p, bytes, len);

        if (taken < len && !keep(p, bytes + taken, len - taken))
            p->last_word = -ENOMEM;
        ring_give_back(buffers, bytes);
    } else if (result != -ECANCELED && result != -ENOBUFS && result != -EINTR &&
               result != -EAGAIN) {
        p->last_word = result;
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
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) { /* no memory for this one */
        free(p);
        close(fd);
        return;
    }
    p->receiving = (struct operation){.done = received, .owner = p};
    p->sending = (struct operation){.done = sent, .owner = p};
    p->last_word = 1;
    go_on(p);
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *name = "echo", *verbose = NULL;
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &name},
                                     {'d', "DIRECTORY", "whose files http serves (.)", &directory},
                                     {'v', NULL, "tell at the end what there was to do", &verbose},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);

    protocol = find_protocol(name);
    http_files_root(directory);
    listener = tcp_listen(args.address, args.port);
    ring = ring_open(AT_ONCE);
    buffers = ring_buffers_open(ring, GROUP, BUFFERS, BUFFER_SIZE);
    accept_how = IORING_ACCEPT_MULTISHOT;
    stop_on_signals(listener);
    welcome = begin;
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
