/*
 * tcp-server.c - counts the bytes that a peer sends, and says how many when the peer has ended
 *
 * Shows:  the calls that make a server: socket, bind, listen, accept. The end of what a
 *         peer sends is an event of its own, and the answer can still be sent after it.
 * Run:    build/00-sockets/tcp-server -p 8000
 * Watch:  echo hello | build/00-sockets/tcp-client 127.0.0.1 8000
 * Breaks: bad-no-reuseaddr.c, bad-one-send-one-recv.c, bad-forgets-close.c
 * Book:   00-sockets, "The server"
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
    int listener = check(socket(where->ai_family, where->ai_socktype, 0), "socket"), on = 1;
    char text[ADDRESS_TEXT];

    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
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
