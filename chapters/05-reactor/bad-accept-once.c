/*
 * bad-accept-once.c - the listener is edge triggered, too, and takes one peer for each event
 *
 * Shows:  three came together, and that was one event. Two are connected, or so they think, and
 *         are never accepted; the next one to come takes the first of them along.
 * Run:    build/05-reactor/bad-accept-once -p 8000
 * Watch:  kill -STOP it, start three tcp-clients, kill -CONT: one is answered. A fourth comes:
 *         two are.
 * Twin:   edge.c
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
    struct buffer owed;      /* received, and not yet sent back */
    bool readable, writable; /* an edge says so, and EAGAIN takes it back */
    bool ended, broken;      /* it has sent its last byte; there is no connection any more */
};

static int epoll, watched;

static int
watch(int fd, uint32_t interest, struct peer *who)
{
    struct epoll_event event = {.events = interest, .data.ptr = who};

    watched++;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* ---- peers ---- */

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
    if (watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, peer) == -1)
        end(peer); /* nor has the kernel */
}

/* Reads once and writes once. Is there more to do? Not after EAGAIN: then we will be told. */
static bool
move_some(struct peer *peer)
{
    enum io_result received = IO_NOT_YET, sent = IO_NOT_YET;

    if (peer->readable && buffer_room(&peer->owed) > 0) {
        received = buffer_read(&peer->owed, peer->fd);
        peer->readable = received == IO_DATA || received == IO_INTERRUPTED;
        peer->ended = received == IO_END;
    }
    if (peer->writable && buffer_length(&peer->owed) > 0) {
        sent = buffer_write(&peer->owed, peer->fd);
        peer->writable = sent != IO_NOT_YET;
    }
    peer->broken = received == IO_FAILED || sent == IO_FAILED;
    return !peer->broken && ((peer->readable && buffer_room(&peer->owed) > 0) ||
                             (peer->writable && buffer_length(&peer->owed) > 0));
}

static void
serve(struct peer *peer, uint32_t events)
{
    if (events & ~(uint32_t)EPOLLOUT && !peer->ended)
        peer->readable = true;
    if (events & ~(uint32_t)EPOLLIN)
        peer->writable = true;
    while (move_some(peer))
        ;
    if (peer->broken || (peer->ended && buffer_length(&peer->owed) == 0))
        end(peer);
}

/* ---- the listener ---- */

static void
welcome(int listener)
{
    int fd;
    enum io_result result = accept_peer(listener, &fd);

    if (result == IO_DATA)
        begin(fd);
    else if (result == IO_END) { /* the program is to stop */
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
    check(watch(listener, EPOLLIN | EPOLLET, NULL), "epoll_ctl");
    stop_on_signals(listener);
    announce(listener);
    while (watched > 0) { /* told to stop, the listener and every peer come to their end */
        struct epoll_event events[AT_ONCE];
        int ready = epoll_wait(epoll, events, AT_ONCE, -1);

        if (ready == -1 && errno != EINTR)
            fail("epoll_wait", NULL);
        for (int i = 0; i < ready; i++)
            events[i].data.ptr ? serve(events[i].data.ptr, events[i].events) : welcome(listener);
    }
    return 0;
}
