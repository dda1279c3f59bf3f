/*
 * bad-dies-on-eintr.c - an echo server that takes every -1 for the end of the world
 *
 * Shows:  check() is for set-up calls. A read() that says -1 may only have been interrupted
 *         by a signal (EINTR), or have lost this one peer (ECONNRESET).
 * Run:    build/01-blocking/bad-dies-on-eintr -p 8000
 * Watch:  with a client connected, end it by Ctrl-C: an error message and exit status 1. Or
 *         let a client reset its connection: the server is gone, for everybody.
 * Twin:   one-at-a-time.c
 * Book:   01-blocking, "What goes wrong"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <unistd.h>

static void
echo_until_end(int peer)
{
    char buf[4096];

    for (;;) {
        ssize_t n = check((int)read(peer, buf, sizeof buf), "read"); /* so far, so careful */

        if (n == 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
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
