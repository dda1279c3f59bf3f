/*
 * pending-output.c - the same with the buffer of chapter 04, which keeps the offset itself
 *
 * Run:    make, then build/pending-output short (gdb --args build/pending-output short)
 * Test:   make test
 * Book:   05-reactor, "The loop"
 */
#include "buffer.h"
#include "error.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROOM = 4096 };

struct peer {
    int epoll, fd;
    uint32_t interest;
    bool ended;
    struct buffer owed;
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

struct peer *
peer_new(int epoll, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};

    if (!p || !buffer_open(&p->owed, ROOM))
        fail("calloc", NULL);
    p->epoll = epoll;
    p->fd = fd;
    p->interest = EPOLLIN;
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    return p;
}

/* Writes until the kernel takes no more: so it need not be told once for each part. */
static enum io_result
send_all(struct peer *p)
{
    enum io_result result = IO_DATA;

    while (buffer_length(&p->owed) > 0 && (result == IO_DATA || result == IO_INTERRUPTED))
        result = buffer_write(&p->owed, p->fd);
    return result;
}

bool
peer_ready(struct peer *p)
{
    enum io_result received = p->ended ? IO_NOT_YET : buffer_read(&p->owed, p->fd);
    bool owes;

    p->ended = p->ended || received == IO_END;
    if (received == IO_FAILED || send_all(p) == IO_FAILED)
        return false;
    owes = buffer_length(&p->owed) > 0;
    set_interest(p,
                 (owes ? EPOLLOUT : 0u) | (!p->ended && buffer_room(&p->owed) > 0 ? EPOLLIN : 0u));
    return owes || !p->ended;
}

void
peer_end(struct peer *p)
{
    close(p->fd);
    buffer_close(&p->owed);
    free(p);
}
