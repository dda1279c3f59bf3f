/*
 * what-epoll-tells.c - one descriptor, watched in four ways: what is told after each thing?
 *
 * Shows:  EPOLLONESHOT tells once, whatever comes, then nothing, not even that the peer is gone.
 *         EPOLL_CTL_MOD looks again: what has come meanwhile is told at once, also by the edge.
 *         No interest is not the same as disarmed: EPOLLHUP is told all the same.
 * Run:    build/09-oneshot/what-epoll-tells
 * Watch:  "events" in /proc/PID/fdinfo of an epoll instance, what is left of an interest that has
 *         fired: so it can be seen from outside that somebody has forgotten to re-arm.
 * Book:   09-oneshot, "What is told, and when"
 */
#include "args.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAYS = 4 };

static const uint32_t ways[WAYS] = {0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT};
static const char *const names[] = {"-", "in", "hup", "in, hup"};
static int epolls[WAYS], ours[WAYS], theirs[WAYS];

/* Asks all four what they have to tell, without waiting for it. */
static void
tell(const char *what)
{
    printf("%-32s", what);
    for (int i = 0; i < WAYS; i++) {
        struct epoll_event event = {0};

        check(epoll_wait(epolls[i], &event, 1, 0), "epoll_wait");
        printf("  %-*s", i < WAYS - 1 ? 7 : 0,
               names[(event.events & EPOLLIN ? 1 : 0) + (event.events & EPOLLHUP ? 2 : 0)]);
    }
    puts("");
}

static void
change(int op, uint32_t interest)
{
    for (int i = 0; i < WAYS; i++) {
        struct epoll_event event = {.events = interest | ways[i]};

        check(epoll_ctl(epolls[i], op, ours[i], &event), "epoll_ctl");
    }
}

static void
each(void (*act)(int i))
{
    for (int i = 0; i < WAYS; i++)
        act(i);
}

static void
open_pair(int i)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    epolls[i] = check(epoll_create1(0), "epoll_create1");
    ours[i] = ends[0];
    theirs[i] = ends[1];
}

static void
speak(int i)
{
    check((int)write(theirs[i], "x", 1), "write");
}

static void
hear(int i)
{
    char bytes[16];

    check((int)read(ours[i], bytes, sizeof bytes), "read");
}

static void
hang_up(int i)
{
    check(close(theirs[i]), "close");
}

static void
try(const char *what, int op, int fd, uint32_t interest)
{
    struct epoll_event event = {.events = interest};
    int result = epoll_ctl(epolls[0], op, fd, &event);

    printf("  %-52s %s\n", what, result == 0 ? "is done" : errno_name(errno));
}

int
main(int argc, char **argv)
{
    parse_args(argc, argv, NULL, "");
    each(open_pair);
    printf("%-32s  %-7s  %-7s  %-7s  %s\n", "EPOLLIN and", "", "ET", "ONESHOT", "ET, ONESHOT");
    change(EPOLL_CTL_ADD, EPOLLIN);
    each(speak);
    tell("a byte comes");
    tell("  asked again");
    each(speak);
    tell("another byte comes");
    change(EPOLL_CTL_MOD, EPOLLIN);
    tell("EPOLL_CTL_MOD, the same interest");
    each(hear);
    tell("both bytes are read");
    each(speak);
    tell("another byte comes");
    each(hang_up);
    tell("the peer hangs up");
    change(EPOLL_CTL_MOD, EPOLLIN);
    tell("EPOLL_CTL_MOD, the same interest");
    change(EPOLL_CTL_MOD, 0);
    tell("EPOLL_CTL_MOD, no interest");
    tell("  asked again");

    puts("epoll_ctl() refuses:");
    each(open_pair);
    try("EPOLLEXCLUSIVE with EPOLLONESHOT", EPOLL_CTL_ADD, ours[0],
        EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT);
    try("EPOLLEXCLUSIVE", EPOLL_CTL_ADD, ours[0], EPOLLIN | EPOLLEXCLUSIVE);
    try("  EPOLL_CTL_MOD of it", EPOLL_CTL_MOD, ours[0], EPOLLIN);
    try("EPOLLONESHOT", EPOLL_CTL_ADD, theirs[0], EPOLLOUT | EPOLLONESHOT);
    try("  EPOLL_CTL_ADD of it, to re-arm", EPOLL_CTL_ADD, theirs[0], EPOLLOUT | EPOLLONESHOT);
    try("  EPOLL_CTL_MOD of it, with EPOLLEXCLUSIVE", EPOLL_CTL_MOD, theirs[0],
        EPOLLOUT | EPOLLEXCLUSIVE);
    return 0;
}
