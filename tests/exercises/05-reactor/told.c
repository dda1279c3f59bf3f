/*
 * told.c - the plays of exercise 05/1, and how often epoll_wait() and read() were called in each
 *
 * usage: told MESSAGES PARTS
 *
 * A peer sends MESSAGES messages; one read() takes a PARTS-th of one. The clock has no part in it:
 * the peer speaks exactly when epoll_wait() has nothing to tell.
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART = 100, MOST = 100 };

static int epoll, ours, theirs, messages, parts, sent, returns, reads, unread;

static void
begin(uint32_t interest)
{
    struct epoll_event event = {.events = interest};
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    ours = pair[0];
    theirs = pair[1];
    set_nonblocking(ours);
    epoll = check(epoll_create1(0), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, ours, &event), "epoll_ctl");
    sent = returns = reads = unread = 0;
}

static void
end(void)
{
    close(epoll);
    close(ours);
    close(theirs);
}

/* False: the peer has sent all its messages. */
static bool
peer_speaks(void)
{
    static const char message[PART * MOST];
    size_t len = (size_t)(PART * parts);

    if (sent == messages)
        return false;
    if (write_all(theirs, message, len) != IO_DATA)
        fail("write", NULL);
    sent++;
    unread += parts;
    return true;
}

/* Is there something for the program, or would it sleep? Then the peer speaks, if it has more. */
static bool
is_told(void)
{
    struct epoll_event event;

    do {
        if (check(epoll_wait(epoll, &event, 1, 0), "epoll_wait") == 1) {
            returns++;
            return true;
        }
    } while (peer_speaks());
    return false; /* it sleeps for ever */
}

static void
receive(bool until_eagain)
{
    char buf[PART];
    ssize_t n;

    do {
        n = read(ours, buf, sizeof buf);
        reads++;
        unread -= n > 0;
    } while (until_eagain && n > 0);
}

static void
play(uint32_t trigger, bool until_eagain, bool busy)
{
    begin(EPOLLIN | trigger);
    while (busy && peer_speaks())
        ;
    while (is_told())
        receive(until_eagain);
    end();
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "MESSAGES PARTS");

    messages = (int)parse_number(operands[0], 1, MOST, "MESSAGES");
    parts = (int)parse_number(operands[1], 1, MOST, "PARTS");
    play(0, false, false);
    printf("level_returns = %d\n", returns);
    play(EPOLLET, true, false);
    printf("edge_reads = %d\n", reads);
    play(EPOLLET, true, true);
    printf("busy_reads = %d\n", reads);
    play(EPOLLET, false, false);
    printf("left_unread = %d\n", unread);
    return 0;
}
