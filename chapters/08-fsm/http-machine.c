/*
 * http-machine.c - shows the HTTP machine at work: every byte, and the state it leads to
 *
 * Shows:  the machine of lib/http_parser.c, which is always in one of its states, and needs no
 *         more than that to go on: it can be stopped after any byte.
 * Run:    printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | build/08-fsm/http-machine
 * Watch:  without a pipe, type the request yourself; Enter is CR LF, Ctrl-D the end. And
 *         'GET / HTTP/1.1\nHost' or 'Host : a': where does it stop, and with which status?
 * Book:   08-fsm, "The machine"
 */
#include "args.h"
#include "error.h"
#include "http.h"
#include "http_parser.h"
#include "trail.h"

#include <inttypes.h>

static struct http_parser parser;
static struct trail trail = {.name = http_state_name};
static char bytes[HTTP_LONGEST_HEAD]; /* not done with yet */
static size_t len;
static FILE *news; /* what the machine has found, a line each, in `text` */
static char *text;

static void
tell(enum http_event event, unsigned state)
{
    switch (event) {
    case HTTP_HEAD:
        fprintf(news, "HTTP_HEAD: %.*s %.*s, HTTP/1.%d, fields: %zu, then %s",
                parser.method_name.len, bytes + parser.method_name.start, parser.target.len,
                bytes + parser.target.start, parser.minor_version, parser.field_count,
                parser.keep_alive ? "keep-alive" : "close");
        if (parser.chunked)
            fprintf(news, "; a body in chunks\n");
        else
            fprintf(news, "; a body of %" PRIu64 " bytes\n", parser.content_length);
        break;
    case HTTP_END:
        fprintf(news, "HTTP_END: the message is complete\n");
        break;
    case HTTP_ERROR:
        fprintf(news, "HTTP_ERROR: %d %s; it was in the state %s\n", parser.status,
                http_reason(parser.status), http_state_name(state));
        break;
    case HTTP_BODY:
    case HTTP_MORE:
        break;
    }
}

/* False: the machine has stopped for good. */
static bool
feed(unsigned char byte)
{
    unsigned before = parser.state;
    enum http_event event;
    size_t used;

    bytes[len++] = (char)byte; /* there is room: the machine refuses a longer head */
    do {
        event = http_parse(&parser, bytes, len, &used);
        tell(event, before);
        len -= used;
        memmove(bytes, bytes + used, len);
    } while (event != HTTP_MORE && event != HTTP_ERROR);
    trail_add(&trail, byte, parser.state);
    return event != HTTP_ERROR;
}

static void
draw(void)
{
    trail_draw(&trail);
    fflush(news); /* only now `text` is up to date: open_memstream(3) */
    fputs(text, stdout);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    bool keys, goes_on = true;
    size_t text_len;
    int byte;

    parse_args(argc, argv, NULL, "");
    news = open_memstream(&text, &text_len);
    if (!news)
        fail("open_memstream", NULL);
    keys = trail_read_keys();
    http_parser_start(&parser, 1 << 20);
    while (goes_on && (byte = trail_next(keys)) != -1) {
        if (keys && byte == '\n')
            goes_on = feed('\r');
        goes_on = goes_on && feed((unsigned char)byte);
        if (keys) {
            printf("\033[H\033[2J");
            draw();
        }
    }
    if (goes_on && http_in_message(&parser))
        fprintf(news, "the input ended in the middle of a message\n");
    if (!keys)
        draw();
    fclose(news);
    free(text);
    return !goes_on || http_in_message(&parser);
}
