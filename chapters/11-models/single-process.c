/*
 * single-process.c - one client at a time
 *
 * Shows:  the model that all others are an answer to: a client is served from its first
 *         byte to its last, and all who come meanwhile wait in the kernel's accept queue.
 * Run:    build/11-models/single-process -p 8000
 * Watch:  build/10-webbench/load -c 100 127.0.0.1 8000: answered 1 of 100. With --visits
 *         everybody gets a turn: there nobody stays.
 * Breaks: one client that says nothing keeps everybody waiting, for as long as it likes.
 * Book:   11-models, "One client at a time"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <unistd.h>

static void
echo_until_end(int peer)
{
    char buf[1 << 16];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            return;
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
    while ((peer = next_peer(listener)) >= 0) {
        echo_until_end(peer);
        close(peer);
    }
    return 0;
}
