/*
 * exchange.c - one page from URL to end, told: what goes over the wire, and when
 *
 * Shows:  a request (left) and its answer (right) as they go by, each part with its name; or, with
 *         -t, the way from a URL to a page, step by step, with the time at which each was done.
 * Run:    build/03-http/exchange http://127.0.0.1:8000/README.md
 *         build/03-http/exchange -t http://localhost:8000/
 * Watch:  -m HEAD; -f 'If-Modified-Since: ...'; a second URL, of which only the target is taken:
 *         it is asked for on the same connection.
 * Book:   03-http, "What goes over the wire"
 */
#include "args.h"
#include "connect.h"
#include "error.h"
#include "io.h"
#include "show.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With -t the way is told, else what goes over the wire is shown. */
static const char *timed, *method = "GET", *own_field;

static void
take_url(const char *text, struct url *url)
{
    const char *wrong = parse_url(text, false, url);

    if (wrong)
        errx(2, "%s: '%s'", wrong, text);
}

static void
ask(int server, const struct url *url, bool last)
{
    char text[8192];
    int len = snprintf(text, sizeof text, "%s %s%.*s HTTP/1.1\r\nHost: %.*s\r\n%s%s%s\r\n", method,
                       url->slash, (int)url->target_len, url->target, (int)url->authority_len,
                       url->authority, own_field ? own_field : "", own_field ? "\r\n" : "",
                       last ? "Connection: close\r\n" : "");

    if (len >= (int)sizeof text)
        errx(2, "the request is too long");
    if (!timed)
        show_head(true, text, (size_t)len);
    if (write_all(server, text, (size_t)len) != IO_DATA)
        fail("write", NULL);
    tell("request", "%s %s%.*s: %d bytes sent", method, url->slash, (int)url->target_len,
         url->target, len);
}

/* The length of the body that follows `head`, as far as we can tell; `most`: up to the end. */
static size_t
body_length(const char *head, size_t most)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");
    int status = atoi(head + strcspn(head, " "));

    if (strcmp(method, "HEAD") == 0 || status == 204 || status == 304)
        return 0;
    if (!field || strtoull(field + 17, NULL, 10) > most)
        return most;
    return strtoull(field + 17, NULL, 10);
}

static void
hear(int server)
{
    static char buf[1 << 24];
    size_t got = 0, head = 0, whole = sizeof buf - 1;

    while (got < whole) {
        ssize_t n = read(server, buf + got, whole - got);
        char *end;

        if (io_result(n) == IO_INTERRUPTED)
            continue;
        if (io_result(n) == IO_FAILED)
            fail("read", NULL);
        if (n == 0)
            break;
        if (got == 0)
            tell("answer", "begins: %.*s", (int)strcspn(buf, "\r\n"), buf);
        got += (size_t)n;
        if (head == 0 && (end = memmem(buf, got, "\r\n\r\n", 4))) {
            end[3] = '\0'; /* as a string, until its length is known */
            head = (size_t)(end + 4 - buf);
            whole = head + body_length(buf, sizeof buf - 1 - head);
            end[3] = '\n';
        }
    }
    if (head == 0)
        errx(1, "the end came before the blank line");
    if (!timed) {
        show_head(false, buf, head);
        show_body(buf + head, got - head);
    }
    tell("answer", "ends: %zu bytes of head, %zu of body", head, got - head);
}

int
main(int argc, char **argv)
{
    const struct own_option own[] = {{'t', NULL, "the way, with times", &timed},
                                     {'m', "METHOD", "instead of GET", &method},
                                     {'f', "FIELD", "'Name: value', sent, too", &own_field},
                                     {0}};
    char **operands = parse_args(argc, argv, own, "URL [URL]");
    struct url url;
    ssize_t n;
    int server;
    char more;

    take_url(operands[0], &url);
    if (timed)
        begin_to_tell();
    server = connect_to(&url);
    for (int i = 0; operands[i]; i++) {
        take_url(operands[i], &url);
        ask(server, &url, !operands[i + 1]);
        hear(server);
    }
    n = read(server, &more, 1);
    tell("close", n == 0 ? "the server has ended the connection" : "there was more to come");
    close(server);
    return 0;
}
