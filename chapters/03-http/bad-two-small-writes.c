/*
 * bad-two-small-writes.c - takes 40 ms for an answer of 100 bytes
 *
 * Shows:  a head and a body in two writes. By Nagle's algorithm the kernel keeps the second back
 *         until the first is acknowledged; and the peer, which waits for the rest of the answer,
 *         delays its acknowledgement, in the hope of sending it along with something.
 * Run:    build/03-http/bad-two-small-writes -p 8000
 * Watch:  build/03-http/two-writes 127.0.0.1 8000
 * Twin:   hello.c
 * Book:   03-http, "Forty milliseconds"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char page[] = "<!doctype html>\n<title>hello</title>\n<p>Hello, you.\n";

static char buf[4096];
static size_t len; /* how many bytes of buf have come and are not yet answered */

/* Waits for a whole head, and returns its length; 0: none will come, or one that is too long. */
static size_t
wait_for_head(int peer)
{
    char *end;

    while (!(end = memmem(buf, len, "\r\n\r\n", 4))) {
        ssize_t n = len < sizeof buf ? read(peer, buf + len, sizeof buf - len) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        len += (size_t)n;
    }
    return (size_t)(end + 4 - buf);
}

static enum io_result
answer(int peer, bool only_head)
{
    char text[512];
    int head = snprintf(text, sizeof text,
                        "HTTP/1.1 200 OK\r\n"
                        "Content-Type: text/html\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        strlen(page));
    size_t body = only_head ? 0 : strlen(page);

    if (write_all(peer, text, (size_t)head) != IO_DATA)
        return IO_FAILED;
    return write_all(peer, page, body);
}

static void
serve(int peer)
{
    size_t head;

    for (len = 0; (head = wait_for_head(peer)) > 0;) {
        bool only_head = strncmp(buf, "HEAD ", 5) == 0;

        len -= head;
        memmove(buf, buf + head, len); /* what is left over belongs to the next request */
        if (answer(peer, only_head) != IO_DATA)
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
        serve(peer);
        close(peer);
    }
    return 0;
}
