/*
 * bad-half-disarmed.c - the same, but disarmed is "no interest", and still on the list
 *
 * Shows:  EPOLLERR and EPOLLHUP are told whether one is interested or not. All goes well until a
 *         peer is gone while it is disarmed: then epoll_wait() never sleeps any more.
 * Run:    build/05-reactor/bad-half-disarmed
 * Twin:   disarm.c
 * Book:   05-reactor, "What goes wrong"
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

    if (epoll_ctl(epoll, EPOLL_CTL_MOD, peer, &event) == -1)
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event), "epoll_ctl");
}

static void
disarm(void)
{
    struct epoll_event nothing = {.events = 0};

    check(epoll_ctl(epoll, EPOLL_CTL_MOD, peer, &nothing), "epoll_ctl");
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
