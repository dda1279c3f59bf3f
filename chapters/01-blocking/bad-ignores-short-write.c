/*
 * bad-ignores-short-write.c - an echo server that loses bytes
 *
 * Shows:  write() may take only part of what it is given, on a blocking socket, too: a signal
 *         ends the wait for room. Whoever does not ask how much it took loses the rest.
 * Run:    build/01-blocking/bad-ignores-short-write -p 8000
 * Watch:  let a client send 20 MB before it reads; then Ctrl-Z and fg here. No handler has
 *         run, nothing was said, and in the middle of what comes back there is a hole.
 * Twin:   one-at-a-time.c
 * Book:   01-blocking, "What goes wrong"
 */
#include "args.h"
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
        if (n <= 0 || write(peer, buf, (size_t)n) < 0)
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
