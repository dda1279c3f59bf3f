/*
 * bad-sigpipe.c - an echo server that any client can kill
 *
 * Shows:  a write() to a peer that is gone does not only say EPIPE: first it raises SIGPIPE,
 *         and unless the process has taken precautions that is its end.
 * Run:    build/01-blocking/bad-sigpipe -p 8000
 * Watch:  a client that sends much and leaves without reading the answer. No message: the
 *         shell's $? is 141, 128 + SIGPIPE.
 * Twin:   one-at-a-time.c
 * Book:   01-blocking, "What goes wrong"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <signal.h>
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
    signal(SIGPIPE, SIG_DFL); /* as a process is born; stop_on_signals() had put it right */
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) { /* sleeps in accept() until one comes */
        echo_until_end(peer);
        close(peer);
    }
    return 0;
}
