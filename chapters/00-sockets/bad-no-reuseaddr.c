/*
 * bad-no-reuseaddr.c - a server that cannot be started again
 *
 * Shows:  a connection that the server closed first stays in its port, in TIME_WAIT, for a
 *         minute. Without SO_REUSEADDR bind() finds the port busy for that long.
 * Run:    build/00-sockets/bad-no-reuseaddr -p 8000
 * Watch:  connect build/00-sockets/tcp-client, end the server with Ctrl-C, start it again.
 * Twin:   tcp-server.c
 * Book:   00-sockets, "The port that stays busy"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

static int
listen_on(const struct addrinfo *where)
{
    int listener = check(socket(where->ai_family, where->ai_socktype, 0), "socket");
    char text[ADDRESS_TEXT];

    if (bind(listener, where->ai_addr, where->ai_addrlen) == -1)
        fail("bind", address_text(where->ai_addr, where->ai_addrlen, text));
    check(listen(listener, SOMAXCONN), "listen");
    return listener;
}

static void
count_until_end(int peer)
{
    char buf[4096], text[ADDRESS_TEXT];
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    size_t count = 0;
    ssize_t n;

    while ((n = read(peer, buf, sizeof buf)) != 0) /* 0: the peer has ended its direction */
        if (n > 0)
            count += (size_t)n;
        else if (errno != EINTR)
            return;
    if (getpeername(peer, (struct sockaddr *)&addr, &len) == -1)
        return; /* the peer is gone, as it may be after any call */
    n = snprintf(buf, sizeof buf, "%zu bytes from %s\n", count,
                 address_text((struct sockaddr *)&addr, len, text));
    write_all(peer, buf, (size_t)n); /* if it fails, there is nobody to tell */
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int error = getaddrinfo(args.address, args.port, &hints, &found), listener, peer;

    if (error) /* not an errno but a code of its own: see getaddrinfo(3) */
        errx(1, "getaddrinfo: %s: %s:%s", gai_strerror(error), args.address, args.port);
    listener = listen_on(found);
    freeaddrinfo(found);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) { /* accept(), and all that it can say */
        count_until_end(peer);
        close(peer);
    }
    return 0;
}
