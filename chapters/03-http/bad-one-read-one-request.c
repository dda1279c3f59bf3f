/*
 * bad-one-read-one-request.c - takes what one read brings for one request
 *
 * Shows:  TCP keeps no boundaries. On a quiet machine a read brings exactly one request, so it
 *         "works"; two that come together are answered once, one that comes in two parts twice.
 * Run:    build/03-http/bad-one-read-one-request -p 8000
 * Watch:  printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n%.0s' 1 2 | build/00-sockets/tcp-client ::1 8000
 * Twin:   hello.c
 * Book:   03-http, "What goes wrong"
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

/* Reads a request, and returns its length; 0: none will come. */
static size_t
wait_for_head(int peer)
{
    ssize_t n;

    do
        n = read(peer, buf, sizeof buf);
    while (n < 0 && errno == EINTR);
    len = n > 0 ? (size_t)n : 0;
    return len;
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

    memcpy(text + head, page, body);
    return write_all(peer, text, (size_t)head + body);
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
