/*
 * udp-echo.c - sends every datagram back to where it came from
 *
 * Shows:  UDP has no connection: no listen, no accept, one socket for everybody. Each
 *         datagram says whom it is from, arrives whole or not at all, and may be empty.
 * Run:    build/00-sockets/udp-echo -p 8000
 * Watch:  build/00-sockets/udp-ask 127.0.0.1 8000 one "" three
 * Book:   00-sockets, "UDP: messages without a connection"
 */
#include "args.h"
#include "error.h"
#include "net.h"

#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>

static void
echo_one(int fd)
{
    static char datagram[65536]; /* more than any can hold: none is cut off */
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    ssize_t n =
        recvfrom(fd, datagram, sizeof datagram, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

    if (n >= 0) /* 0: an empty datagram, not an end. One that cannot be sent is lost: UDP */
        (void)sendto(fd, datagram, (size_t)n, 0, (struct sockaddr *)&from, len);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE}, *found;
    int error = getaddrinfo(args.address, args.port, &hints, &found);
    struct pollfd ready = {.events = POLLIN | POLLRDHUP};
    char text[ADDRESS_TEXT];

    if (error) /* not an errno but a code of its own: see getaddrinfo(3) */
        errx(1, "getaddrinfo: %s: %s:%s", gai_strerror(error), args.address, args.port);
    ready.fd = check(socket(found->ai_family, found->ai_socktype, 0), "socket");
    if (bind(ready.fd, found->ai_addr, found->ai_addrlen) == -1) /* and no SO_REUSEADDR */
        fail("bind", address_text(found->ai_addr, found->ai_addrlen, text));
    freeaddrinfo(found);
    stop_on_signals(ready.fd);
    announce(ready.fd);
    while (!(ready.revents & POLLRDHUP)) { /* which says that the signal has shut it down */
        echo_one(ready.fd);
        poll(&ready, 1, -1); /* sleeps until a datagram or the signal (or EINTR) comes */
    }
    return 0;
}
