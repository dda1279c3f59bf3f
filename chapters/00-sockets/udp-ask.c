/*
 * udp-ask.c - sends each message as one datagram and prints the answer
 *
 * Shows:  connect() on a UDP socket sends nothing: it notes the address. Whether anybody is
 *         there comes out later: an answer, a refusal, or nothing.
 * Run:    build/00-sockets/udp-ask 127.0.0.1 8000 one "" three
 * Watch:  the same again when nobody listens: connect() and send() succeed.
 * Book:   00-sockets, "UDP: messages without a connection"
 */
#include "args.h"
#include "error.h"
#include "net.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "HOST PORT MESSAGE [MESSAGE] [MESSAGE]");
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found;
    int error = getaddrinfo(operands[0], operands[1], &hints, &found), fd;
    char answer[65536];

    if (error) /* not an errno but a code of its own: see getaddrinfo(3) */
        errx(1, "getaddrinfo: %s: %s:%s", gai_strerror(error), operands[0], operands[1]);
    fd = check(socket(found->ai_family, found->ai_socktype, 0), "socket");
    check(connect(fd, found->ai_addr, found->ai_addrlen), "connect");
    freeaddrinfo(found);
    for (char **message = operands + 2; *message; message++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t n;

        check((int)send(fd, *message, strlen(*message), 0), "send");
        if (check(poll(&ready, 1, 1000), "poll") == 0) {
            printf("no answer\n");
            return 1;
        }
        n = check((int)recv(fd, answer, sizeof answer, 0), "recv");
        printf("%zd bytes: \"%.*s\"\n", n, (int)n, answer);
    }
    return 0;
}
