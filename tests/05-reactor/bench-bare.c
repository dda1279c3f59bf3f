/*
 * bench-bare.c - the barest epoll loop that echoes, to measure the chapter's own against
 *
 * It leaves out whatever can be left out while all goes well: nothing is kept for a peer, a short
 * write loses bytes, a failing accept() or SIGTERM ends it. So it is no server, and no program of
 * the chapter: it is what the system calls alone take.
 */
#include "args.h"
#include "error.h"
#include "net.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

static void
watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void
echo(int peer)
{
    static char buf[1 << 16];
    ssize_t n = read(peer, buf, sizeof buf);

    if (n <= 0 || write(peer, buf, (size_t)n) != n)
        close(peer);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port), epoll = epoll_create1(0);

    watch(epoll, listener);
    announce(listener);
    for (;;) {
        struct epoll_event events[AT_ONCE];
        int ready = check(epoll_wait(epoll, events, AT_ONCE, -1), "epoll_wait");

        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                watch(epoll, check(accept(listener, NULL, NULL), "accept"));
            else
                echo(events[i].data.fd);
    }
}
