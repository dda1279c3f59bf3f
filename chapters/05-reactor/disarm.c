/*
 * disarm.c - not to be told of a descriptor for a while, and then again
 *
 * Shows:  off the list, a descriptor is silent whatever happens to it; nothing is lost by that:
 *         put back on it, level triggered, it is told of as it is then.
 * Run:    build/05-reactor/disarm
 * Watch:  the third line, when the peer is gone, beside bad-half-disarmed's.
 * Breaks: bad-half-disarmed.c
 * Book:   05-reactor, "The Reactor, literally"
 */
#include "error.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMES = 1000 };

static int epoll, peer;

static void
arm(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event), "epoll_ctl");
}

static void
disarm(void)
{
    check(epoll_ctl(epoll, EPOLL_CTL_DEL, peer, NULL), "epoll_ctl");
}

static void
ask(const char *when)
{
    struct epoll_event event;
    int told = 0;

    for (int i = 0; i < TIMES; i++)
        told += epoll_wait(epoll, &event, 1, 0) == 1;
    printf("%-28s told %4d of %d times\n", when, told, TIMES);
}

int
main(void)
{
    int ends[2];

    epoll = check(epoll_create1(0), "epoll_create1");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    peer = ends[0];
    arm();
    check((int)write(ends[1], "x", 1), "write");
    ask("the peer has spoken:");
    disarm(); /* as if a worker had it now */
    ask("it is disarmed:");
    close(ends[1]);
    ask("the peer is gone:");
    arm();
    ask("it is armed again:");
    return 0;
}
