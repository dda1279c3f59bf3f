/*
 * mine.c - echo or files, for one peer at a time: the parser stops by sleeping
 *
 * Shows:  the other way to stop anywhere. next_byte() sleeps until there is one, or until the
 *         deadline; where the parser is, the stack remembers. It costs a thread, or as here the
 *         whole server, for each peer that is waited for.
 * Run:    build/mine -p 8000 -P http -d . -t 10000
 * Book:   08-fsm, "A parser that can stop anywhere"
 */
#include "args.h"
#include "clock.h"
#include "docroot.h"
#include "http.h"
#include "net.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_LINE = 8192, MOST_HEAD = 16384, MOST_EMPTY_LINES = 4 };

/* What next_byte() returns besides bytes; and what parsing returns besides 0 and a status. */
enum { GONE = -1, LATE = -2 };

static int root, peer;
static int64_t patience, deadline;
static char bytes[4096];
static size_t at, have;

static struct request {
    char line[MOST_LINE + 1];
    char method[16], target[MOST_LINE + 1];
    bool is_old, goes_on, expects_continue, chunked, has_length;
    uint64_t length;
} request;

/* ---- one byte after the other ---- */

static int
next_byte(void)
{
    while (at == have) {
        int64_t left = (deadline - now_ns()) / NS_PER_MS + 1;
        struct pollfd ready = {.fd = peer, .events = POLLIN};
        ssize_t n;

        if (left <= 0 || poll(&ready, 1, (int)left) == 0)
            return LATE;
        n = read(peer, bytes, sizeof bytes);
        if (n == 0 || (n < 0 && errno != EINTR))
            return GONE;
        at = 0;
        have = n > 0 ? (size_t)n : 0;
    }
    return (unsigned char)bytes[at++];
}

static void
extend_deadline(void)
{
    deadline = now_ns() + patience;
}

/* A line without its CR LF, and *room less for the next one. 0, GONE, LATE, or a status. */
static int
read_line(size_t *room, int too_long)
{
    size_t len = 0;
    int byte;

    while ((byte = next_byte()) >= 0) {
        if (byte == '\r') {
            byte = next_byte();
            request.line[len] = '\0';
            return byte == '\n' ? 0 : byte < 0 ? byte : 400;
        }
        if (byte == 127 || (byte < ' ' && byte != '\t'))
            return 400;
        if (*room == 0)
            return too_long;
        --*room;
        if (len < MOST_LINE) /* the rest of a longer field concerns nobody */
            request.line[len++] = (char)byte;
    }
    return byte;
}

static int
read_bytes(uint64_t n)
{
    for (int byte; n > 0; n--) {
        extend_deadline();
        if ((byte = next_byte()) < 0)
            return byte;
    }
    return 0;
}

/* ---- the parts of a request: 0, GONE, LATE, or the status that refuses it ---- */

static int
read_request_line(void)
{
    size_t room = MOST_LINE;
    int status, n = 0;
    char version[2];

    for (int i = 0; i <= MOST_EMPTY_LINES; i++) {
        status = read_line(&room, 414);
        if (status != 0 || request.line[0] != '\0')
            break;
    }
    if (status != 0)
        return status;
    if (sscanf(request.line, "%15[A-Za-z]%*1[ ]%8192[!-~] HTTP/1.%1[0-9]%n", request.method,
               request.target, version, &n) != 3 ||
        request.line[n] != '\0' || request.line[n - 9] != ' ' || request.line[n - 10] == ' ')
        return 400;
    request.is_old = version[0] == '0';
    request.goes_on = !request.is_old;
    return 0;
}

/* 1*DIGIT or 1*HEXDIG, and no more. */
static bool
read_number(const char *text, int base, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, base);
    return isxdigit((unsigned char)text[0]) && tolower((unsigned char)text[1]) != 'x' &&
           *end == '\0' && errno == 0;
}

static int
understand_field(const char *name, char *value, int *hosts)
{
    if (strcasecmp(name, "Host") == 0 && ++*hosts > 1)
        return 400;
    if (strcasecmp(name, "Content-Length") == 0) {
        if (request.has_length || !read_number(value, 10, &request.length))
            return 400;
        request.has_length = true;
    }
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (request.chunked || strcasecmp(value, "chunked") != 0)
            return 501;
        request.chunked = true;
    }
    if (strcasecmp(name, "Connection") == 0 && strcasestr(value, "close"))
        request.goes_on = false;
    if (strcasecmp(name, "Connection") == 0 && request.is_old && strcasestr(value, "keep-alive"))
        request.goes_on = true;
    if (strcasecmp(name, "Expect") == 0)
        request.expects_continue = !request.is_old;
    return 0;
}

static int
read_fields(void)
{
    size_t room = MOST_HEAD;
    int status, hosts = 0;

    while ((status = read_line(&room, 431)) == 0 && request.line[0] != '\0') {
        char *colon = strchr(request.line, ':'), *value, *end;

        if (!colon || colon == request.line ||
            strcspn(request.line, " \t") < strcspn(request.line, ":"))
            return 400;
        *colon = '\0';
        value = colon + 1 + strspn(colon + 1, " \t");
        for (end = value + strlen(value); end > value && isblank((unsigned char)end[-1]);)
            *--end = '\0';
        if ((status = understand_field(request.line, value, &hosts)) != 0)
            return status;
    }
    if (status == 0 && ((!request.is_old && hosts == 0) || (request.chunked && request.has_length)))
        return 400;
    return status;
}

static int
read_chunks(void)
{
    size_t room = MOST_HEAD, nothing = 0;
    uint64_t size = 1;
    int status;

    while (size > 0) {
        extend_deadline();
        if ((status = read_line(&room, 431)) != 0)
            return status;
        request.line[strcspn(request.line, ";")] = '\0';
        if (!read_number(request.line, 16, &size))
            return 400;
        if (size > 0 &&
            ((status = read_bytes(size)) != 0 || (status = read_line(&nothing, 400)) != 0))
            return status;
    }
    while ((status = read_line(&room, 431)) == 0 && request.line[0] != '\0')
        ; /* trailers concern nobody */
    return status;
}

static int
read_request(void)
{
    int status;

    request = (struct request){.length = 0};
    extend_deadline();
    if (next_byte() < 0)
        return GONE; /* it had nothing to ask */
    at--;
    extend_deadline();
    if ((status = read_request_line()) != 0 || (status = read_fields()) != 0)
        return status;
    if (request.expects_continue)
        dprintf(peer, "HTTP/1.1 100 Continue\r\n\r\n");
    return request.chunked ? read_chunks() : read_bytes(request.length);
}

/* ---- answers ---- */

static void
answer(int status, struct docroot_file *file)
{
    const char *reason = http_reason(status);
    char buf[16384];
    ssize_t n;

    dprintf(peer, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %lld\r\n%s%s\r\n", status,
            reason, file ? file->type : "text/plain",
            file ? (long long)file->size : (long long)strlen(reason),
            status == 405 ? "Allow: GET, HEAD\r\n" : "",
            !request.goes_on ? "Connection: close\r\n"
            : request.is_old ? "Connection: keep-alive\r\n"
                             : "");
    if (strcmp(request.method, "HEAD") == 0)
        return;
    if (!file)
        write_all(peer, reason, strlen(reason));
    while (file && (n = read(file->fd, buf, sizeof buf)) > 0 &&
           write_all(peer, buf, (size_t)n) == IO_DATA)
        ;
}

static void
respond(void)
{
    char path[MOST_LINE + 2];
    struct docroot_file file;
    int status = 405;

    if (strcmp(request.method, "GET") == 0 || strcmp(request.method, "HEAD") == 0)
        status = http_path(request.target, strlen(request.target), path, sizeof path);
    if (status == 200)
        status = docroot_open(root, path, &file);
    answer(status == 301 ? 404 : status, status == 200 ? &file : NULL);
    if (status == 200)
        close(file.fd);
}

static void
converse(void)
{
    int status;

    at = have = 0;
    do {
        status = read_request();
        if (status == GONE)
            return;
        request.goes_on = request.goes_on && status == 0;
        if (status == 0)
            respond();
        else
            answer(status == LATE ? 408 : status, NULL);
    } while (request.goes_on);
    shutdown(peer, SHUT_WR);
    extend_deadline();
    do
        at = have; /* what still comes is thrown away, so that the last word is not */
    while (next_byte() >= 0);
}

static void
echo(void)
{
    for (;;) {
        ssize_t n = read(peer, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, bytes, (size_t)n) != IO_DATA)
            return;
    }
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *protocol = "echo", *ms = "10000";
    const struct own_option own[] = {{'d', "DIRECTORY", "whose files are served (.)", &directory},
                                     {'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'t', "MS", "patience with a peer (10000)", &ms},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    bool is_http = strcmp(protocol, "http") == 0;
    int listener;

    if (!is_http && strcmp(protocol, "echo") != 0) {
        fprintf(stderr,
                "usage: mine [-b ADDRESS] [-p PORT] [-d DIRECTORY] [-P echo|http] [-t MS]\n");
        return 2;
    }
    patience = parse_number(ms, 1, 1000000, "MS") * NS_PER_MS;
    if (is_http)
        root = docroot(directory);
    listener = tcp_listen(args.address, args.port);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        if (is_http)
            converse();
        else
            echo();
        close(peer);
    }
    return 0;
}
