/*
 * welcome.h - what the servers on io_uring share: options, accepting as a request, sending
 *
 * A server includes it, and names the function that takes a new peer on.
 */
#pragma once

#include "args.h"
#include "clock.h"
#include "connection.h"
#include "http_files.h"
#include "net.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 1024 };

static const struct protocol *protocol;
static struct ring *ring;
static int listener;
static void (*welcome)(int fd); /* takes a new peer on */
static uint16_t accept_how;     /* IORING_ACCEPT_MULTISHOT: once asked, many times told */

static void accepted(void *, int, uint32_t);

static void
accept_next(void)
{
    static struct operation accepting = {.done = accepted};

    ring_prepare(ring, IORING_OP_ACCEPT, listener, &accepting)->ioprio = accept_how;
}

/* Told to stop, it is no listener any more; without a descriptor, accept never gets to say so. */
static bool
still_listens(void)
{
    int yes = 0;
    socklen_t len = sizeof yes;

    return getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

static void
rested(void *unused, int result, uint32_t flags)
{
    (void)unused, (void)result, (void)flags;
    if (still_listens())
        accept_next();
    else
        close(listener);
}

/* Without a descriptor or memory nobody can be accepted: perhaps in a tenth of a second. */
static void
rest(void)
{
    static struct __kernel_timespec tenth = {.tv_nsec = 100 * NS_PER_MS};
    static struct operation resting = {.done = rested};
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_TIMEOUT, -1, &resting);

    sqe->addr = (uintptr_t)&tenth;
    sqe->len = 1;
}

static void
accepted(void *unused, int result, uint32_t flags)
{
    (void)unused;
    if (result >= 0) {
        remember_peer(result); /* stop_on_signals() is to know it, too: see net.h */
        welcome(result);
    }
    if (flags & IORING_CQE_F_MORE)
        return;
    if (result == -EINVAL) /* the program is to stop */
        close(listener);
    else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM)
        rest();
    else
        accept_next();
}

/* `size` bytes that begin with a struct connection for `fd`; NULL: there is no memory for them. */
static void *
connection_new(int fd, size_t size)
{
    struct connection *c = calloc(1, size);

    if (!c || !connection_open(c, fd, protocol)) {
        free(c);
        close(fd);
        return NULL;
    }
    return c;
}

/* Sends all that it owes, which is the kernel's until `who` is told. */
static void
send_owed(struct connection *c, struct operation *who)
{
    struct io_uring_sqe *sqe = ring_prepare(ring, IORING_OP_SEND, c->fd, who);

    sqe->addr = (uintptr_t)buffer_bytes(&c->out);
    sqe->len = (unsigned)buffer_length(&c->out);
}

/* Takes the options, -v among them where there is a place for it, and opens listener and ring. */
static void
set_up(int argc, char **argv, void (*begin)(int), const char **verbose)
{
    const char *directory = ".", *name = "echo";
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {verbose ? 'v' : '\0', NULL, "tell at the end what there was to do", verbose},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);

    protocol = find_protocol(name);
    http_files_root(directory);
    listener = tcp_listen(args.address, args.port);
    ring = ring_open(AT_ONCE);
    stop_on_signals(listener);
    welcome = begin;
}
