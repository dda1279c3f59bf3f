/*
 * bad-one-send-one-recv.c - believes that what one call sends, one call receives
 *
 * Shows:  read() returns what has come so far. On the author's machine, with short
 *         messages, that was always all of it.
 * Run:    build/00-sockets/bad-one-send-one-recv -p 8000
 * Watch:  (printf hel; sleep 1; printf 'lo\n') | build/00-sockets/tcp-client 127.0.0.1 8000
 * Twin:   tcp-server.c
 * Book:   00-sockets, "One send, one recv"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <err.h>
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
    size_t count;
    ssize_t n;

    if ((n = read(peer, buf, sizeof buf)) < 0) /* the message */
        return;
    count = (size_t)n;
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
