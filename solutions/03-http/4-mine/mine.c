/*
 * mine.c - a blocking server with two protocols: echo, and the files of a directory by HTTP
 *
 * Shows:  a connection that outlives a request: a buffer, how much of it has come, and heads that
 *         are taken from its front.
 * Run:    build/mine -P http -d ../../book -p 8000
 * Book:   03-http, "A server you can read in one sitting"
 */
#include "args.h"
#include "docroot.h"
#include "http.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_HEAD = 8192, MOST_BODY = 1 << 20 };

/* buf[0] to buf[len - 1] have come, and belong to no request that has been taken. */
struct connection {
    int fd;
    size_t len;
    char buf[MOST_HEAD];
};

/* The strings are parts of `head`. */
struct request {
    char head[MOST_HEAD + 1];
    const char *method, *target;
    size_t body; /* how many bytes of it are still to be read */
    bool persists;
};

static int root;

/* ---- reading a request; a status is 200, or the one to refuse with ---- */

static enum io_result
read_more(struct connection *conn)
{
    ssize_t n;

    do
        n = read(conn->fd, conn->buf + conn->len, sizeof conn->buf - conn->len);
    while (io_result(n) == IO_INTERRUPTED);
    if (n > 0)
        conn->len += (size_t)n;
    return io_result(n);
}

static void
forget(struct connection *conn, size_t len)
{
    conn->len -= len;
    memmove(conn->buf, conn->buf + len, conn->len);
}

/* Cuts "GET /target HTTP/1.1" into its three parts. */
static int
split_request_line(struct request *request, char *line)
{
    char *rest = line, *version;

    request->method = strsep(&rest, " ");
    request->target = strsep(&rest, " ");
    version = rest;
    if (!version || !*request->method || strncmp(version, "HTTP/1.", 7) != 0 ||
        strspn(version + 7, "0123456789") != 1 || version[8])
        return 400;
    request->persists = version[7] != '0';
    return 200;
}

static int
take_field(struct request *request, const char *name, const char *value, int *hosts)
{
    if (strcasecmp(name, "Host") == 0)
        ++*hosts;
    if (strcasecmp(name, "Connection") == 0)
        request->persists = strcasestr(value, "close")        ? false
                            : strcasestr(value, "keep-alive") ? true
                                                              : request->persists;
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        return 501; /* a body whose end we would not find */
    if (strcasecmp(name, "Content-Length") == 0) {
        if (request->body > 0 || !*value || value[strspn(value, "0123456789")])
            return 400;
        if (strlen(value) > 9)
            return 413;
        request->body = (size_t)strtoul(value, NULL, 10);
    }
    return 200;
}

/* Every line of request->head ends with CRLF, the last one is blank. */
static int
split_head(struct request *request)
{
    char *line, *next = strstr(request->head, "\r\n"), *colon, *end;
    int hosts = 0, status;
    bool needs_host;

    *next = '\0';
    status = split_request_line(request, request->head);
    needs_host = request->persists; /* HTTP/1.0 does not, and has not said yet that it stays */
    for (line = next + 2; status == 200 && *line != '\r'; line = next + 2) {
        next = strstr(line, "\r\n");
        *next = '\0';
        colon = strchr(line, ':');
        if (!colon || colon == line || strcspn(line, " \t") < (size_t)(colon - line))
            return 400;
        *colon = '\0';
        for (end = next; end > colon + 1 && strchr(" \t", end[-1]);)
            *--end = '\0';
        status = take_field(request, line, colon + 1 + strspn(colon + 1, " \t"), &hosts);
    }
    return status == 200 && (hosts > 1 || (needs_host && hosts == 0)) ? 400 : status;
}

/* Takes the next head from the connection. 0: there will be none. */
static int
take_request(struct connection *conn, struct request *request)
{
    const char *end;
    size_t len;

    request->method = "";
    request->body = 0;
    request->persists = false;
    while (!(end = memmem(conn->buf, conn->len, "\r\n\r\n", 4))) {
        if (conn->len == sizeof conn->buf)
            return 431;
        if (read_more(conn) != IO_DATA)
            return 0;
    }
    len = (size_t)(end + 4 - conn->buf);
    memcpy(request->head, conn->buf, len);
    request->head[len] = '\0';
    forget(conn, len);
    if (strlen(request->head) != len)
        return 400; /* there is a zero in it */
    return split_head(request);
}

/* Throws away what nobody wants to have; false: it does not come. */
static bool
skip_body(struct connection *conn, struct request *request)
{
    while (request->body > 0) {
        size_t some = request->body < conn->len ? request->body : conn->len;

        forget(conn, some);
        request->body -= some;
        if (request->body > 0 && read_more(conn) != IO_DATA)
            return false;
    }
    return true;
}

/* ---- answering ---- */

/* Sends the head and the file, whose first bytes travel with the head. */
static bool
send_file(int peer, char *buf, size_t size, size_t used, int file, off_t left)
{
    do {
        size_t room = size - used;
        ssize_t n = read(file, buf + used, left < (off_t)room ? (size_t)left : room);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || (n == 0 && left > 0))
            return false; /* it has become shorter: the length that was announced does not hold */
        left -= n;
        if (write_all(peer, buf, used + (size_t)n) != IO_DATA)
            return false;
        used = 0;
    } while (left > 0);
    return true;
}

/* Returns whether the connection goes on. */
static bool
answer(int peer, const struct request *request, int status, const struct docroot_file *file)
{
    bool head = strcmp(request->method, "HEAD") == 0;
    char buf[65536], text[80];
    int text_len = snprintf(text, sizeof text, "%d %s\n", status, http_reason(status));
    int used = snprintf(
        buf, sizeof buf, "HTTP/1.1 %d %s\r\n%s%sContent-Type: %s\r\nContent-Length: %lld\r\n\r\n%s",
        status, http_reason(status), request->persists ? "" : "Connection: close\r\n",
        status == 405 ? "Allow: GET, HEAD\r\n" : "", status == 200 ? file->type : "text/plain",
        status == 200 ? (long long)file->size : text_len, status == 200 || head ? "" : text);

    if (status == 200 && !head)
        return send_file(peer, buf, sizeof buf, (size_t)used, file->fd, file->size) &&
               request->persists;
    return write_all(peer, buf, (size_t)used) == IO_DATA && request->persists;
}

static int
find(const struct request *request, struct docroot_file *file)
{
    char path[MOST_HEAD];
    int status;

    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        return 405;
    status = http_path(request->target, strlen(request->target), path, sizeof path);
    if (status == 200)
        status = docroot_open(root, path, file);
    return status == 301 ? 404 : status;
}

static void
serve_http(int peer)
{
    static struct connection conn;
    static struct request request;
    bool goes_on = true;
    int status;

    conn.fd = peer;
    conn.len = 0;
    while (goes_on && (status = take_request(&conn, &request)) != 0) {
        struct docroot_file file = {.fd = -1};

        if (status != 200 || request.body > MOST_BODY || !skip_body(&conn, &request))
            request.persists = false;
        if (status == 200)
            status = find(&request, &file);
        goes_on = answer(peer, &request, status, &file);
        if (file.fd >= 0)
            close(file.fd);
    }
    /* To close a socket with unread bytes resets it, and the peer may lose the last answer. */
    shutdown(peer, SHUT_WR);
    for (int i = 0; i < 1000 && recv(peer, conn.buf, sizeof conn.buf, MSG_DONTWAIT) > 0; i++)
        ;
}

static void
serve_echo(int peer)
{
    char buf[16384];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            return;
    }
}

int
main(int argc, char **argv)
{
    const char *protocol = "echo", *directory = ".";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'d', "DIRECTORY", "what http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    bool http = strcmp(protocol, "http") == 0;
    int listener, peer;

    if (!http && strcmp(protocol, "echo") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY]\n");
        return 2;
    }
    if (http)
        root = docroot(directory);
    listener = tcp_listen(args.address, args.port);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        if (http)
            serve_http(peer);
        else
            serve_echo(peer);
        close(peer);
    }
    return 0;
}
