/*
 * triggers.c - level and edge triggered, side by side: how many calls does a message take?
 *
 * Shows:  level triggered, epoll_wait() says "readable" as long as there is something to read;
 *         edge triggered, once, when it comes. How many calls of epoll_wait() and read() a message
 *         takes depends as much on how long one goes on reading.
 * Run:    build/05-reactor/triggers
 *         build/05-reactor/triggers -b 1024 100000
 * Watch:  the last line of each block: what the edge told once, and nobody came back for.
 * Breaks: bad-et-reads-once.c
 * Book:   05-reactor, "Level and edge"
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST = 100000 }; /* fits into the queue of a socket, so that all of it is there */

static char bytes[LONGEST];
static size_t size; /* of the reader's buffer */

static const struct way {
    const char *name;
    uint32_t trigger;
    bool until_eagain;
} ways[] = {
    {"level triggered, one read for each event", 0, false},
    {"level triggered, read until EAGAIN", 0, true},
    {"edge triggered, read until EAGAIN", EPOLLET, true},
    {"edge triggered, one read for each event", EPOLLET, false},
};

/* A message of `len` bytes has come all at once. How is it read, until no more is told? */
static void
receive(const struct way *way, size_t len)
{
    struct epoll_event event = {.events = EPOLLIN | way->trigger};
    int epoll = check(epoll_create1(0), "epoll_create1"), ends[2], waits = 0, reads = 0;
    size_t got = 0;
    ssize_t n;

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    set_nonblocking(ends[0]);
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll_ctl");
    if (write_all(ends[1], bytes, len) != IO_DATA)
        fail("write", NULL);
    while (epoll_wait(epoll, &event, 1, 0) == 1) { /* where a server would sleep, it says 0 */
        waits++;
        do {
            n = read(ends[0], bytes, size);
            reads++;
            got += n > 0 ? (size_t)n : 0;
        } while (way->until_eagain && n > 0);
    }
    printf("  %-42s %10d %6d %8zu\n", way->name, waits, reads, len - got);
    close(ends[0]);
    close(ends[1]);
    close(epoll);
}

int
main(int argc, char **argv)
{
    static char *usual[] = {"100", "4096", "65536", NULL};
    const char *buffer = "4096";
    const struct own_option own[] = {{'b', "BYTES", "what one read has room for (4096)", &buffer},
                                     {0}};
    char **lengths = parse_args(argc, argv, own, "[BYTES]");

    size = (size_t)parse_number(buffer, 1, LONGEST, "BYTES");
    for (char **len = *lengths ? lengths : usual; *len; len++) {
        char title[64];

        snprintf(title, sizeof title, "a message of %s bytes", *len);
        printf("%-44s %10s %6s %8s\n", title, "epoll_wait", "read", "unread");
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            receive(&ways[i], (size_t)parse_number(*len, 1, LONGEST, "BYTES"));
    }
    return 0;
}
