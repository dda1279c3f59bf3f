/*
 * lines.c - answers every line with its length: "hello\n" with "5\n"
 *
 * Shows:  the end of a line is where the sender put it, not where a read() stops.
 * Run:    build/lines -p 8000
 * Watch:  talk to it a byte at a time, or two lines at once: the answers are the same.
 * Book:   00-sockets, "A stream has no boundaries"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static enum io_result
answer_line(int peer, size_t length)
{
    char text[30];
    int n = snprintf(text, sizeof text, "%zu\n", length);

    return write_all(peer, text, (size_t)n);
}

static void
answer_lines(int peer)
{
    size_t length = 0; /* of the line that has not ended yet */
    char buf[512];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++) {
            if (buf[i] != '\n') {
                length++;
                continue;
            }
            if (answer_line(peer, length) != IO_DATA)
                return;
            length = 0;
        }
    }
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port), peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        answer_lines(peer);
        close(peer);
    }
    return 0;
}
