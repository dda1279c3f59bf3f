/*
 * get.c - the smallest honest client: asks for one page and tells whether it got all of it
 *
 * Shows:  look up, connect, send, read: up to Content-Length if the server says it, else up to
 *         the end of the connection. It speaks HTTP/1.0: a server may answer HTTP/1.1 in
 *         chunks, which it cannot read.
 * Run:    build/03-http/get http://127.0.0.1:8000/README.md
 * Watch:  -v shows the head. Status 0: all of a page; 1: none, or the end came too early.
 * Book:   03-http, "The other side"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"
#include "url.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
ask(int server, const struct url *url)
{
    char request[8192];
    int len =
        snprintf(request, sizeof request, "GET %s%.*s HTTP/1.0\r\nHost: %.*s\r\n\r\n", url->slash,
                 (int)url->target_len, url->target, (int)url->authority_len, url->authority);

    if (len >= (int)sizeof request)
        errx(2, "the URL is too long");
    if (write_all(server, request, (size_t)len) != IO_DATA)
        fail("write", NULL);
}

/* Reads until the blank line has come, and perhaps more. *got becomes the length of it all. */
static char *
read_head(int server, char *buf, size_t size, size_t *got)
{
    char *end;
    ssize_t n;

    for (*got = 0; !(end = memmem(buf, *got, "\r\n\r\n", 4)); *got += n > 0 ? (size_t)n : 0) {
        n = read(server, buf + *got, size - 1 - *got);
        if (io_result(n) == IO_END)
            errx(1, "the end came before the blank line");
        if (io_result(n) == IO_FAILED)
            fail("read", NULL);
    }
    end[2] = '\0'; /* the head, as a string: fields end with CRLF */
    return end + 4;
}

/* How many bytes the body has; -1: the end of the connection will tell. */
static long long
announced_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");

    if (strcasestr(head, "\r\nTransfer-Encoding:"))
        errx(1, "the answer comes in chunks, though we have asked as HTTP/1.0");
    return field ? atoll(field + strlen("\r\nContent-Length:")) : -1;
}

int
main(int argc, char **argv)
{
    const char *verbose = NULL, *wrong;
    const struct own_option own[] = {{'v', NULL, "show the head, on stderr", &verbose}, {0}};
    char **operands = parse_args(argc, argv, own, "URL"), *body;
    static char buf[65536];
    long long announced, come = 0;
    struct url url;
    int server, status = 0;
    size_t got;
    ssize_t n;

    wrong = parse_url(operands[0], false, &url);
    if (wrong)
        errx(2, "%s: '%s'", wrong, operands[0]);
    server = tcp_connect(url.host, url.port);
    ask(server, &url);
    body = read_head(server, buf, sizeof buf, &got);
    if (verbose)
        fputs(buf, stderr);
    if (sscanf(buf, "HTTP/1.%*1u %3d", &status) != 1)
        errx(1, "this is not HTTP");
    announced = announced_length(buf);

    /* First what has come along with the head, then what comes after. */
    for (n = buf + got - body;; n = read(server, body = buf, sizeof buf)) {
        if (io_result(n) == IO_INTERRUPTED)
            continue;
        if (io_result(n) == IO_FAILED)
            fail("read", NULL);
        if (announced >= 0 && n > announced - come)
            n = (ssize_t)(announced - come);
        if (write_all(STDOUT_FILENO, body, n > 0 ? (size_t)n : 0) != IO_DATA)
            fail("write", "standard output");
        come += n;
        if (come == announced || (n == 0 && body == buf))
            break;
    }
    if (come < announced)
        errx(1, "the end came after %lld of %lld bytes", come, announced);
    return status / 100 == 2 ? 0 : 1;
}
