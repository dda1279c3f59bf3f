/*
 * boundaries.c - what do three sends arrive as, and what does one?
 *
 * Shows:  TCP carries bytes, not messages: sends run together, and one comes apart. UDP and
 *         SOCK_SEQPACKET carry messages: each arrives whole and alone, or not at all.
 * Run:    build/00-sockets/boundaries
 * Watch:  a recv() with too small a buffer leaves the rest of a stream for the next one;
 *         the rest of a message is thrown away.
 * Breaks: bad-one-send-one-recv.c
 * Book:   00-sockets, "A stream has no boundaries"
 */
#include "error.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

static char big[1000000];

/* Receives at most `most` bytes a call, until none have come for 200 ms. */
static void
receive(int fd, size_t most)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t n;

    while (poll(&ready, 1, 200) == 1 && (n = recv(fd, big, most, 0)) > 0)
        printf(n < 20 ? "  \"%.*s\"" : "  %d", (int)n, big);
    printf("\n");
}

static void
try(const char *name, int from, int to)
{
    char peeked[12];
    ssize_t n;

    printf("%s\n  send red, green, blue ->", name);
    check((int)send(from, "red", 3, 0), "send");
    check((int)send(from, "green", 5, 0), "send");
    check((int)send(from, "blue", 4, 0), "send");
    /* For a stream this waits until all 12 bytes are here; for messages, until the first is. */
    check((int)recv(to, peeked, 12, MSG_PEEK | MSG_WAITALL), "recv");
    receive(to, 100);
    printf("  send hello, world; recv 5 at most ->");
    check((int)send(from, "hello, world", 12, 0), "send");
    receive(to, 5);
    n = send(from, big, sizeof big, MSG_DONTWAIT); /* all of it, or what fits into the buffers */
    printf("  send %zu bytes ->%s%s", sizeof big, n < 0 ? "  " : "",
           n < 0 ? errno_name(errno) : "");
    receive(to, sizeof big);
}

/* For TCP through a listener; for UDP there is nothing to listen for, and nobody to accept. */
static void
try_inet(const char *name, int type)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *any = (struct sockaddr *)&addr;
    socklen_t len = sizeof addr;
    int server = check(socket(AF_INET, type, 0), "socket");
    int client = check(socket(AF_INET, type, 0), "socket");

    check(bind(server, any, len), "bind");
    check(getsockname(server, any, &len), "getsockname"); /* the port that the kernel chose */
    if (type == SOCK_STREAM)
        check(listen(server, 1), "listen");
    check(connect(client, any, len), "connect");
    if (type == SOCK_STREAM)
        server = check(accept(server, NULL, NULL), "accept");
    try(name, client, server);
}

int
main(void)
{
    int pair[2];

    try_inet("TCP, SOCK_STREAM", SOCK_STREAM);
    try_inet("UDP, SOCK_DGRAM", SOCK_DGRAM);
    check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), "socketpair");
    try("Unix, SOCK_SEQPACKET", pair[0], pair[1]);
    return 0;
}
