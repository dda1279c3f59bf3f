/*
 * response.h - writes an answer: the head piece by piece, then head and body in one call
 *
 * What the servers of this chapter share. The head is bounded: what does not fit is the
 * program's mistake, not the peer's, and the program ends.
 */
#pragma once

#include "docroot.h"
#include "error.h"
#include "http.h"
#include "io.h"
#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

struct response {
    int status;
    char head[8192];
    size_t len;
};

/* Adds a line, formatted as by printf(3), and its CRLF. */
__attribute__((format(printf, 2, 3))) static inline void
add_line(struct response *response, const char *format, ...)
{
    size_t room = sizeof response->head - response->len;
    va_list values;
    int len;

    va_start(values, format);
    len = vsnprintf(response->head + response->len, room, format, values);
    va_end(values);
    if (len < 0 || (size_t)len + 2 >= room)
        fail("add_line", "the head is too long");
    response->len += (size_t)len;
    memcpy(response->head + response->len, "\r\n", 2);
    response->len += 2;
}

/* The status line, and the fields that do not depend on what is answered. */
static inline void
begin_response(struct response *response, const struct request *request, int status)
{
    char date[HTTP_DATE];

    response->status = status;
    response->len = 0;
    add_line(response, "HTTP/1.1 %d %s", status, http_reason(status));
    add_line(response, "Date: %s", http_date(time(NULL), date));
    if (!request->persists)
        add_line(response, "Connection: close");
    else if (request->minor == 0)
        add_line(response, "Connection: keep-alive"); /* HTTP/1.0 closes unless this is said */
}

/*
 * Ends the head with a blank line and sends it, and `len` bytes of a body behind it, in one
 * writev() unless the kernel takes only a part. Returns what write_all() would.
 */
static inline enum io_result
send_response(int fd, struct response *response, const void *body, size_t len)
{
    struct iovec parts[2] = {{response->head, response->len + 2}, {(void *)body, len}};
    ssize_t n;

    memcpy(response->head + response->len, "\r\n", 2); /* add_line() has left room */
    do
        n = writev(fd, parts, 2);
    while (io_result(n) == IO_INTERRUPTED);
    if (n < 0)
        return io_result(n);
    for (int i = 0; i < 2; i++) {
        size_t len_i = parts[i].iov_len, sent = (size_t)n < len_i ? (size_t)n : len_i;
        enum io_result result = write_all(fd, (char *)parts[i].iov_base + sent, len_i - sent);

        if (result != IO_DATA)
            return result;
        n -= (ssize_t)sent;
    }
    return IO_DATA;
}

/* The same, for a whole body: tells its type and length; to HEAD no more than that. */
static inline enum io_result
send_body(int fd, const struct request *request, struct response *response, const char *type,
          const void *body, size_t len)
{
    bool head = request->method && strcmp(request->method, "HEAD") == 0;

    add_line(response, "Content-Type: %s", type);
    add_line(response, "Content-Length: %zu", len);
    return send_response(fd, response, body, head ? 0 : len);
}

/* The same, for an answer that has nothing to tell but its status. */
static inline enum io_result
send_status(int fd, const struct request *request, struct response *response)
{
    char text[80];
    int len =
        snprintf(text, sizeof text, "%d %s\n", response->status, http_reason(response->status));

    if (response->status == 204 || response->status == 304) /* these never have a body */
        return send_response(fd, response, NULL, 0);
    return send_body(fd, request, response, "text/plain", text, (size_t)len);
}

/*
 * The same, for a file. False: the connection is to be closed: it has failed, or the file has
 * shrunk and the promised length cannot be kept. If it grows, what is new is not sent.
 */
static inline bool
send_file(int peer, const struct request *request, struct response *response,
          const struct docroot_file *file)
{
    off_t left = strcmp(request->method, "HEAD") == 0 ? 0 : file->size;
    enum io_result result;
    bool begun = false;
    char buf[65536];
    ssize_t n;

    add_line(response, "Content-Type: %s", file->type);
    add_line(response, "Content-Length: %lld", (long long)file->size);
    do {
        do
            n = read(file->fd, buf, left < (off_t)sizeof buf ? (size_t)left : sizeof buf);
        while (io_result(n) == IO_INTERRUPTED);
        if (n < 0 || (n == 0 && left > 0))
            return false;
        result =
            begun ? write_all(peer, buf, (size_t)n) : send_response(peer, response, buf, (size_t)n);
        begun = true;
        left -= n;
    } while (result == IO_DATA && left > 0);
    return result == IO_DATA;
}
