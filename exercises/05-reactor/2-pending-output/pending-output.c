/*
 * pending-output.c - a peer in an event loop, which gets back what it sends as fast as it takes it
 *
 * Run:    make, then build/pending-output short (gdb --args build/pending-output short)
 * Test:   make test
 * Book:   05-reactor, "The loop"
 */
#include "error.h"
#include "io.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROOM = 4096 };

struct peer {
    int epoll, fd;
    uint32_t interest; /* what epoll_ctl() has been told */
    bool ended;        /* the peer has sent its last byte */
    size_t start, end; /* what it has not got yet is owed[start] to owed[end - 1] */
    char owed[ROOM];
};

struct peer *peer_new(int epoll, int fd);
bool peer_ready(struct peer *p);
void peer_end(struct peer *p);

static void
set_interest(struct peer *p, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = p};

    if (interest != p->interest)
        check(epoll_ctl(p->epoll, EPOLL_CTL_MOD, p->fd, &event), "epoll_ctl");
    p->interest = interest;
}

/* Reads once, behind what is owed. IO_NOT_YET where there is no room, or nothing can come. */
static enum io_result
receive(struct peer *p)
{
    ssize_t n;

    if (p->end == ROOM || p->start == p->end) { /* what is left moves to the beginning */
        memmove(p->owed, p->owed + p->start, p->end - p->start);
        p->end -= p->start;
        p->start = 0;
    }
    if (p->ended || p->end == ROOM)
        return IO_NOT_YET;
    n = read(p->fd, p->owed + p->end, ROOM - p->end);
    if (n > 0)
        p->end += (size_t)n;
    return io_result(n);
}

/* From now on `fd`, which is nonblocking, is watched; when it is ready, call peer_ready(). */
struct peer *
peer_new(int epoll, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};

    if (!p)
        fail("calloc", NULL);
    p->epoll = epoll;
    p->fd = fd;
    p->interest = EPOLLIN;
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    return p;
}

/* Does what can be done now, and waits for nothing. False: it is over, and peer_end() is next. */
bool
peer_ready(struct peer *p)
{
    enum io_result received = receive(p);

    if (received == IO_END)
        p->ended = true;
    /* TODO: the kernel may take all, a part, or nothing. What of it is still owed, what is there
     * to wait for, and is it over? */
    if (p->end > 0 && write(p->fd, p->owed, p->end) == -1)
        return false;
    p->end = 0;
    set_interest(p, EPOLLIN);
    return !p->ended && received != IO_FAILED;
}

void
peer_end(struct peer *p)
{
    close(p->fd);
    free(p);
}
