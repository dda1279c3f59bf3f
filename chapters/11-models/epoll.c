/*
 * epoll.c - one process waits for all its clients at once, with epoll
 *
 * Shows:  the kernel keeps the list of what is watched, and epoll_wait() returns only those that
 *         are ready: a silent one costs nothing. Served as in select.c and poll.c.
 * Run:    build/11-models/epoll -p 8000
 * Watch:  strace -c -p PID beside poll's: no list of descriptors goes to the kernel and back.
 * Breaks: a client that never reads stalls all, as in select.c: what is ready to be read
 *         need not be ready to be written. Chapter 05 has the cure.
 * Book:   11-models, "One process, many clients"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

static int epoll, watched;

static void
watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    watched++;
}

/* Closing a descriptor takes it off the list: see epoll(7). */
static void
end(int fd)
{
    close(fd);
    watched--;
}

static void
echo_once(int peer)
{
    char buf[1 << 16];
    ssize_t n = read(peer, buf, sizeof buf);

    if (n == -1 && errno == EINTR)
        return; /* it is still readable: epoll_wait() will say so again */
    if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
        end(peer);
}

static void
welcome(int listener)
{
    int peer;
    enum io_result result;

    while ((result = accept_peer(listener, &peer)) == IO_DATA)
        watch(peer);
    if (result == IO_END)
        end(listener);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);

    epoll = check(epoll_create1(0), "epoll_create1");
    set_nonblocking(listener); /* a peer may be gone again between epoll_wait() and accept() */
    watch(listener);
    stop_on_signals(listener);
    announce(listener);
    while (watched > 0) { /* told to stop, the listener and every peer come to their end */
        struct epoll_event events[AT_ONCE];
        int ready = epoll_wait(epoll, events, AT_ONCE, -1);

        if (ready == -1 && errno != EINTR)
            fail("epoll_wait", NULL);
        for (int i = 0; i < ready; i++)
            events[i].data.fd == listener ? welcome(listener) : echo_once(events[i].data.fd);
    }
    return 0;
}
