/*
 * backlog.c - a server that listens and does not accept: which connect() hangs?
 *
 * Shows:  the kernel connects clients by itself, before accept(), one more than the backlog;
 *         after that it drops their SYNs, and connect() waits until accept() makes room.
 * Run:    build/00-sockets/backlog          listen(listener, 1)
 *         build/00-sockets/backlog 0        listen(listener, 0)
 * Watch:  client 1 has sent its bytes before anybody accepts it. A client that hangs gets in
 *         when its kernel sends the SYN again, a second after the first.
 * Book:   00-sockets, "Connected before accepted"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* For a listener, tcp_info has the length of the queue that accept() takes from. */
static unsigned
waiting(int listener)
{
    struct tcp_info info;
    socklen_t len = sizeof info;

    check(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len), "getsockopt");
    return info.tcpi_unacked;
}

/* A socket is writable when its handshake is over: see connect(2), EINPROGRESS. */
static int
connected_within(int fd, int ms)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, ms);
}

int
main(int argc, char **argv)
{
    char *operand = parse_args(argc, argv, NULL, "[BACKLOG]")[0], buf[100];
    int backlog = operand ? (int)parse_number(operand, 0, 100, "BACKLOG") : 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *any = (struct sockaddr *)&addr;
    socklen_t len = sizeof addr;
    int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), number = 0, client, peer;
    int64_t start;

    check(bind(listener, any, len), "bind");
    check(getsockname(listener, any, &len), "getsockname"); /* the port that the kernel chose */
    check(listen(listener, backlog), "listen");
    printf("listen(listener, %d), and nobody calls accept()\n", backlog);
    for (;;) {
        start = now_ns();
        client = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
        if (connect(client, any, len) == -1 && errno != EINPROGRESS)
            fail("connect", NULL);
        printf("client %d: ", ++number);
        if (!connected_within(client, 500))
            break;
        printf("connected, has sent %d bytes", dprintf(client, "I am client %d", number));
        printf("; %u wait for accept()\n", waiting(listener));
    }
    printf("connect() hangs; %u wait for accept()\n", waiting(listener));
    peer = check(accept(listener, NULL, NULL), "accept");
    printf("accept() returns a peer who says: %.*s\n", (int)read(peer, buf, sizeof buf), buf);
    if (connected_within(client, 5000))
        printf("client %d: connected %.1f s after its connect()\n", number,
               (double)(now_ns() - start) / NS_PER_SECOND);
    return 0;
}
