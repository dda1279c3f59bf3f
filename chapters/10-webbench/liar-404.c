/*
 * liar-404.c - a web server that is very fast, for it has nothing to say
 *
 * Shows:  it understands GET of HTTP/1.1 and nothing else; whoever asks otherwise gets 112 bytes,
 *         and in their first line stands 404. A tool that counts answers, and does not read them,
 *         has measured how fast "no" is said.
 * Run:    build/10-webbench/liar-404 -p 8000 -v
 * Watch:  build/10-webbench/webbench -t 2 http://127.0.0.1:8000/      (HTTP/1.0), then with -2;
 *         bytes a page: 112 and something else. Ctrl-C: what the server itself has counted.
 * Book:   10-webbench, "The benchmark of the 404 page"
 */
#include "args.h"
#include "one-loop.h"

#include <stdio.h>
#include <string.h>

enum { MOST_HEAD = 8192, BODY = 1024 };

static const char no[] = "HTTP/1.1 404 Not Found\r\n"
                         "Content-Type: text/html\r\n"
                         "Content-Length: 22\r\n"
                         "Connection: close\r\n"
                         "\r\n"
                         "<h1>404 Not Found</h1>";
_Static_assert(sizeof no - 1 == 112, "the answer that was measured had 112 bytes");

static char page[BODY + 256];
static size_t page_len;
static unsigned long pages, nos;

static void
make_page(void)
{
    page_len = (size_t)snprintf(page, sizeof page,
                                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                "Content-Length: %d\r\n\r\n%-*s\n",
                                BODY, BODY - 1, "<!doctype html>\n<title>page</title>\n<p>Hello.");
}

/* The length of the first request with its blank line; 0: it is not all there. The requests of
 * HTTP/0.9, "GET /", are one line. */
static size_t
request_length(const char *bytes, size_t len)
{
    const char *line_end = memmem(bytes, len, "\r\n", 2), *end;

    if (!line_end)
        return 0;
    if (!memmem(bytes, (size_t)(line_end - bytes), " HTTP/", 6))
        return (size_t)(line_end - bytes) + 2;
    end = memmem(bytes, len, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes) + 4 : 0;
}

static bool
is_understood(const char *request)
{
    size_t line = strcspn(request, "\r"), version = strlen(" HTTP/1.1");

    return strncmp(request, "GET ", 4) == 0 && line > strlen("GET ") + version &&
           strncmp(request + line - version, " HTTP/1.1", version) == 0;
}

static enum feed
answer(const char *request, struct buffer *out)
{
    if (!is_understood(request)) {
        buffer_append(out, no, sizeof no - 1);
        nos++;
        return FEED_FLUSH;
    }
    buffer_append(out, page, page_len);
    pages++;
    return strcasestr(request, "\r\nConnection: close\r\n") ? FEED_FLUSH : FEED_IDLE;
}

static enum feed
feed(void *state, struct buffer *in, struct buffer *out)
{
    char request[MOST_HEAD + 1];
    enum feed wants = FEED_IDLE;
    size_t len;

    (void)state;
    while (wants == FEED_IDLE && (len = request_length(buffer_bytes(in), buffer_length(in))) > 0) {
        if (buffer_room(out) < page_len)
            return FEED_ROOM;
        if (len > MOST_HEAD)
            return FEED_CLOSE;
        memcpy(request, buffer_bytes(in), len);
        request[len] = '\0';
        buffer_consume(in, len);
        wants = answer(request, out);
    }
    if (wants == FEED_IDLE && buffer_length(in) > 0)
        return buffer_length(in) > MOST_HEAD ? FEED_CLOSE : FEED_HEAD;
    return wants;
}

static void
nothing(void *state)
{
    (void)state;
}

static void
late(void *state, struct buffer *out)
{
    (void)state;
    (void)out;
}

int
main(int argc, char **argv)
{
    static const struct protocol liar = {.name = "liar",
                                         .state_size = 1,
                                         .start = nothing,
                                         .feed = feed,
                                         .late = late,
                                         .end = nothing};
    const char *verbose = NULL;
    const struct own_option own[] = {
        {'v', NULL, "tell at the end what was answered, and how often", &verbose}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port);

    make_page();
    stop_on_signals(listener);
    announce(listener);
    serve(listener, &liar);
    if (verbose)
        fprintf(stderr, "%lu times 200, %lu times 404\n", pages, nos);
    return 0;
}
