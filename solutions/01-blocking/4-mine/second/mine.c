/*
 * mine.c - a blocking echo server, on lib/
 *
 * Shows:  what is left when everything boring is one word.
 * Run:    build/mine -p 8000
 * Book:   01-blocking, "One at a time"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <unistd.h>

static void
echo_until_end(int peer)
{
    char buf[4096];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf); /* sleeps until the peer speaks */

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            return; /* the end, or a connection that failed */
    }
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    int peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) { /* sleeps in accept() until one comes */
        echo_until_end(peer);
        close(peer);
    }
    return 0;
}
