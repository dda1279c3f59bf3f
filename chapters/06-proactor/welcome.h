/*
 * welcome.h - accepting as a request: what the servers on io_uring share
 *
 * A server includes it, and sets the four at the top.
 */
#pragma once

#include "clock.h"
#include "net.h"
#include "ring.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ring *ring;
static int listener;
static void (*welcome)(int fd); /* what to do with a new peer */
static uint16_t accept_how;     /* IORING_ACCEPT_MULTISHOT: once asked, many times told */

static void accepted(void *, int, uint32_t);

static void
accept_next(void)
{
    static struct operation accepting = {.done = accepted};

    ring_prepare(ring, IORING_OP_ACCEPT, listener, &accepting)->ioprio = accept_how;
}

/* Told to stop it is none any more; without a descriptor accept does not get so far as to say so.
 */
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

/* Without a descriptor or memory nobody can be accepted: in a tenth of a second, perhaps. */
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
        remember_peer(result); /* its end is the program's to say, too: see net.h */
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
