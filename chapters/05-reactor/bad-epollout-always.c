/*
 * bad-epollout-always.c - the loop, but it is always of interest whether a peer can be written to
 *
 * Shows:  it nearly always can. So epoll_wait() never sleeps any more: a CPU is busy being
 *         told so, and every echo is right.
 * Run:    build/05-reactor/bad-epollout-always -p 8000
 * Watch:  top, while one peer is connected and says nothing.
 * Twin:   loop.c
 * Book:   05-reactor, "What goes wrong"
 */
#include "args.h"
#include "buffer.h"
#include "error.h"
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { AT_ONCE = 64, OWED_MOST = 1 << 16 };

struct peer {
    int fd;
    struct buffer owed; /* received, and not yet sent back */
    bool ended;         /* it has sent its last byte, or the connection is broken */
    uint32_t interest;
};

static int epoll, watched;

/* `who` is what epoll_wait() will give back to us: the peer, or NULL for the listener. */
static int
watch(int fd, struct peer *who)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = who};

    watched++;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* ---- peers ---- */

/* Closing a descriptor takes it off the list: see epoll(7). */
static void
end(struct peer *peer)
{
    close(peer->fd);
    buffer_close(&peer->owed);
    free(peer);
    watched--;
}

static void
begin(int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (!peer || !buffer_open(&peer->owed, OWED_MOST)) { /* no memory for this one */
        free(peer);
        close(fd);
        return;
    }
    set_nonblocking(fd);
    peer->fd = fd;
    peer->interest = EPOLLIN | EPOLLOUT;
    if (watch(fd, peer) == -1)
        end(peer); /* nor has the kernel */
}

/* To speak, if there is room for what it says; to take what it is owed. */
static void
set_interest(struct peer *peer)
{
    struct epoll_event event = {.data.ptr = peer};

    if (!peer->ended && buffer_room(&peer->owed) > 0)
        event.events |= EPOLLIN;
    event.events |= EPOLLOUT;
    if (event.events != peer->interest)
        check(epoll_ctl(epoll, EPOLL_CTL_MOD, peer->fd, &event), "epoll_ctl");
    peer->interest = event.events;
}

static void
serve(struct peer *peer)
{
    enum io_result received = IO_NOT_YET, sent;

    if (peer->interest & EPOLLIN)
        received = buffer_read(&peer->owed, peer->fd);
    sent = buffer_write(&peer->owed, peer->fd);
    if (received == IO_END)
        peer->ended = true;
    if (received == IO_FAILED || sent == IO_FAILED ||
        (peer->ended && buffer_length(&peer->owed) == 0))
        end(peer);
    else
        set_interest(peer);
}

/* ---- the listener ---- */

static void
welcome(int listener)
{
    int fd;
    enum io_result result;

    while ((result = accept_peer(listener, &fd)) == IO_DATA)
        begin(fd);
    if (result == IO_END) { /* the program is to stop */
        close(listener);
        watched--;
    }
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);

    epoll = check(epoll_create1(0), "epoll_create1");
    set_nonblocking(listener); /* a peer may be gone again before accept() */
    check(watch(listener, NULL), "epoll_ctl");
    stop_on_signals(listener);
    announce(listener);
    while (watched > 0) { /* told to stop, the listener and every peer come to their end */
        struct epoll_event events[AT_ONCE];
        int ready = epoll_wait(epoll, events, AT_ONCE, -1);

        if (ready == -1 && errno != EINTR)
            fail("epoll_wait", NULL);
        for (int i = 0; i < ready; i++)
            events[i].data.ptr ? serve(events[i].data.ptr) : welcome(listener);
    }
    return 0;
}
