/*
 * overtakes.c - the plays of exercise 09/1: who is told, and who overtakes, with a real epoll
 *
 * usage: overtakes BATCHES TOGETHER
 *
 * Two workers on one epoll instance, in one thread and without a clock: it is written here whose
 * turn it is. A message is a byte.
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 100 };

static int epoll, ours, theirs, told, answered;
static uint32_t interest;

static void
arm(int op)
{
    struct epoll_event event = {.events = interest};

    check(epoll_ctl(epoll, op, ours, &event), "epoll_ctl");
}

static void
come(int messages)
{
    static const char message[MOST];

    if (write_all(theirs, message, (size_t)messages) != IO_DATA)
        fail("write", NULL);
}

/* Would somebody who calls epoll_wait() now be told, or sleep? */
static bool
is_told(void)
{
    struct epoll_event event;
    bool is = check(epoll_wait(epoll, &event, 1, 0), "epoll_wait") == 1;

    told += is;
    return is;
}

/* Takes one message, if there is one; if it is `early`, gives the peer back at once. */
static bool
take(bool early)
{
    char message;
    ssize_t n = read(ours, &message, 1);

    if (early)
        arm(EPOLL_CTL_MOD);
    return n == 1;
}

static void
answer(bool early)
{
    answered++;
    if ((interest & EPOLLONESHOT) && !early)
        arm(EPOLL_CTL_MOD);
}

/* One that waits, is told, and answers at once, until it would sleep. */
static void
work(bool early)
{
    while (is_told())
        if (take(early))
            answer(early);
}

/* Returns how many messages were answered before the first. */
static int
play(uint32_t events, bool early, int batches, int together)
{
    int pair[2], before;

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    ours = pair[0];
    theirs = pair[1];
    set_nonblocking(ours);
    epoll = check(epoll_create1(0), "epoll_create1");
    interest = events;
    told = answered = 0;
    arm(EPOLL_CTL_ADD);

    come(1);
    if (!is_told() || !take(early)) /* A, which thinks about it from now on */
        fail("epoll_wait", "A");
    for (int i = 0; i < batches; i++) {
        come(together);
        work(early); /* B */
    }
    before = answered;
    answer(early); /* A, at last */
    work(early);   /* whichever of them */
    close(epoll);
    close(ours);
    close(theirs);
    return before;
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "BATCHES TOGETHER");
    int batches = (int)parse_number(operands[0], 1, MOST, "BATCHES");
    int together = (int)parse_number(operands[1], 1, MOST, "TOGETHER");

    printf("level_overtake = %d\n", play(EPOLLIN, false, batches, together));
    printf("edge_overtake = %d\n", play(EPOLLIN | EPOLLET, false, batches, together));
    play(EPOLLIN | EPOLLET | EPOLLONESHOT, false, batches, together);
    printf("oneshot_told = %d\n", told);
    printf("early_overtake = %d\n",
           play(EPOLLIN | EPOLLET | EPOLLONESHOT, true, batches, together));
    return 0;
}
