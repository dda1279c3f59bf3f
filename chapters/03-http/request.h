/*
 * request.h - reads a request: first all of its head into a buffer, then takes that apart
 *
 * What the servers of this chapter share. It is the plainest way that is right, and what it
 * cannot do well is said here and left to chapter 08: a head is searched from its start
 * again after every read; a peer that sends half a head and then falls silent holds its server
 * until a read has waited HTTP_PATIENCE seconds, and one that dribbles holds it for ever; a head
 * must fit into the buffer; and a body in chunks is not understood, so the connection ends there.
 */
#pragma once

#include "clock.h"
#include "http.h"
#include "io.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HTTP_PATIENCE = 10, MOST_HEAD = 16384, MOST_FIELDS = 100 };

/* buf[0] to buf[len - 1] have come, and belong to no request that has been taken. */
struct connection {
    int fd;
    size_t len;
    char buf[MOST_HEAD];
};

struct field {
    char *name, *value;
};

/* The strings are parts of `head`, cut by NUL bytes; a value has no white space around it. */
struct request {
    char head[MOST_HEAD + 1];
    char *method, *target;
    int minor; /* the last 1 of HTTP/1.1 */
    struct field fields[MOST_FIELDS];
    size_t field_count;
    bool chunked;  /* its body is in chunks: we do not know where it ends */
    size_t body;   /* else its length; it has not been read yet */
    bool persists; /* the peer would like to send another request after this one */
};

static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* ---- header fields ---- */

/* The value of the next field `name` (in any case), from *from on; NULL if there is none. */
static inline const char *
next_field(const struct request *request, const char *name, size_t *from)
{
    while (*from < request->field_count) {
        const struct field *field = &request->fields[(*from)++];

        if (strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

static inline const char *
first_field(const struct request *request, const char *name)
{
    size_t from = 0;

    return next_field(request, name, &from);
}

/* Is `word` a member of the lists that the fields `name` have? "Connection: Keep-Alive, x" */
static inline bool
list_has(const struct request *request, const char *name, const char *word)
{
    size_t from = 0, len;
    const char *list;

    while ((list = next_field(request, name, &from)))
        for (; *(list += strspn(list, ", \t")); list += len) {
            len = strcspn(list, ", \t");
            if (len == strlen(word) && strncasecmp(list, word, len) == 0)
                return true;
        }
    return false;
}

/* Does the peer already have what was last modified then? RFC 9110, section 13.2.2. */
static inline bool
is_known(const struct request *request, time_t modified)
{
    const char *since = first_field(request, "If-Modified-Since");
    const char *none_of = first_field(request, "If-None-Match");
    time_t when;

    if (none_of) /* counts more, but we give no entity tags: whatever it has is not ours */
        return strcmp(none_of, "*") == 0;
    return since && http_parse_date(since, strlen(since), &when) && modified <= when;
}

/* ---- what is right and what is not: each returns 200 or the status to refuse with ---- */

/* A host, or an IPv6 address in brackets, and perhaps a port. RFC 9112, section 3.2. */
static inline bool
is_host(const char *host)
{
    if (*host == '[') {
        host += 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        if (*host++ != ']')
            return false;
    } else {
        host += strspn(host, "-._~%!$&'()*+,;=0123456789"
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    }
    return !*host || (*host == ':' && host[1 + strspn(host + 1, "0123456789")] == '\0');
}

/* How long is the body? RFC 9112, section 6. */
static inline int
find_framing(struct request *request)
{
    size_t from = 0;
    const char *length = next_field(request, "Content-Length", &from), *digit;

    request->chunked = first_field(request, "Transfer-Encoding") != NULL;
    if (request->chunked && (length || request->minor == 0))
        return 400; /* two lengths, or a way that HTTP/1.0 does not have: somebody is cheating */
    if (request->chunked)
        return strcasecmp(first_field(request, "Transfer-Encoding"), "chunked") == 0 ? 200 : 501;
    if (!length)
        return 200;
    if (!*length || next_field(request, "Content-Length", &from))
        return 400;
    for (digit = length; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return 400; /* no sign, no space, no list */
        if (request->body > (SIZE_MAX - 9) / 10)
            return 413;
        request->body = 10 * request->body + (size_t)(*digit - '0');
    }
    return 200;
}

static inline int
split_request_line(struct request *request, char *line)
{
    char *version;

    request->method = line;
    line += strspn(line, token);
    if (line == request->method || *line != ' ')
        return 400;
    *line++ = '\0';
    request->target = line;
    line += strcspn(line, " ");
    if (line == request->target || *line != ' ')
        return 400; /* HTTP/0.9 comes here: its requests have no version */
    *line++ = '\0';
    version = line;
    if (strncmp(version, "HTTP/", 5) != 0 || strspn(version + 5, "0123456789") != 1 ||
        version[6] != '.' || strspn(version + 7, "0123456789") != 1 || version[8])
        return 400;
    request->minor = version[7] - '0';
    return version[5] == '1' ? 200 : 505;
}

static inline int
split_field(struct request *request, char *line)
{
    struct field *field = &request->fields[request->field_count];
    char *end = line + strlen(line);

    if (request->field_count == MOST_FIELDS)
        return 431;
    field->name = line;
    line += strspn(line, token);
    if (line == field->name || *line != ':')
        return 400; /* also a space before the colon, and a line that continues the last */
    *line++ = '\0';
    field->value = line + strspn(line, " \t");
    while (end > field->value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    request->field_count++;
    return 200;
}

/* Every line of request->head ends with CRLF, and nothing in it is a NUL. */
static inline int
split_head(struct request *request)
{
    char *line = request->head, *next;
    int hosts = 0, status;
    size_t from = 0;
    const char *host;

    for (; *line; line = next) {
        next = strstr(line, "\r\n");
        *next = '\0';
        next += 2;
        status = line == request->head ? split_request_line(request, line)
                 : *line               ? split_field(request, line)
                                       : 200; /* the blank line */
        if (status != 200)
            return status;
    }
    while ((host = next_field(request, "Host", &from)))
        if (++hosts > 1 || !is_host(host))
            return 400;
    if (hosts == 0 && request->minor > 0)
        return 400;
    request->persists = request->minor > 0 ? !list_has(request, "Connection", "close")
                                           : list_has(request, "Connection", "keep-alive");
    return find_framing(request);
}

/* ---- reading ---- */

/* From now on no read or write on `fd` waits longer than HTTP_PATIENCE. See socket(7). */
static inline void
lose_patience(int fd)
{
    struct timeval patience = {.tv_sec = HTTP_PATIENCE};

    /* If it fails, the connection is broken, and the next read will say so. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* Reads what comes next, behind what is already in the buffer. */
static inline enum io_result
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

static inline void
forget(struct connection *conn, size_t len)
{
    conn->len -= len;
    memmove(conn->buf, conn->buf + len, conn->len); /* what is left over is the next request */
}

/*
 * Is there a whole head in the buffer? *len becomes its length with the blank line. 0: not yet;
 * 200: yes; else the status with which to refuse what no further byte can put right.
 */
static inline int
find_head(const struct connection *conn, size_t *len)
{
    const char *buf = conn->buf, *line = buf;

    for (const char *c = buf; c < buf + conn->len; c++) {
        bool after_cr = c > buf && c[-1] == '\r';

        if ((*c == '\n') != after_cr) /* one policy: a line ends with both, never with one */
            return 400;
        if (((unsigned char)*c < ' ' && *c != '\t' && *c != '\r' && *c != '\n') || *c == 0x7f)
            return 400;
        if (*c != '\n')
            continue;
        *len = (size_t)(c + 1 - buf);
        if (c == line + 1)
            return 200;
        if (line == buf && !memmem(buf, *len, " HTTP/", 6))
            return 400; /* no blank line will follow */
        line = c + 1;
    }
    if (conn->len < sizeof conn->buf)
        return 0;
    return line == buf ? 414 : 431;
}

/*
 * Takes the next request from the connection, without its body. Returns 200; 0: there is none,
 * the peer has ended or is gone; else the status to refuse it with. Unless it is 200 nothing
 * more may be read from this connection: nobody knows where a next request would begin.
 */
static inline int
take_request(struct connection *conn, struct request *request)
{
    int status, empty_lines = 0;
    size_t len = 0;

    request->method = request->target = NULL;
    request->field_count = request->body = 0;
    request->chunked = request->persists = false;
    for (;;) {
        if (conn->len >= 2 && memcmp(conn->buf, "\r\n", 2) == 0) {
            forget(conn, 2); /* some clients send one too many after a body */
            if (++empty_lines > 4)
                return 400;
            continue;
        }
        status = find_head(conn, &len);
        if (status != 0)
            break;
        switch (read_more(conn)) {
        case IO_DATA:
            continue;
        case IO_NOT_YET:
            return conn->len > 0 ? 408 : 0;
        default:
            return 0;
        }
    }
    if (status != 200)
        return status;
    memcpy(request->head, conn->buf, len);
    request->head[len] = '\0';
    forget(conn, len);
    return split_head(request);
}

/* Moves the next bytes of the body, `most` at most, to `to`. Returns how many; 0: the peer is gone.
 */
static inline size_t
take_body(struct connection *conn, struct request *request, char *to, size_t most)
{
    if (most > request->body)
        most = request->body;
    if (most == 0 || (conn->len == 0 && read_more(conn) != IO_DATA))
        return 0;
    if (most > conn->len)
        most = conn->len;
    memcpy(to, conn->buf, most);
    forget(conn, most);
    request->body -= most;
    return most;
}

/* Takes what is left of the body. False: it cannot be had, or is not worth the time. */
static inline bool
skip_body(struct connection *conn, struct request *request)
{
    char nowhere[4096];

    if (request->chunked || request->body > 1 << 20)
        return false;
    while (request->body > 0)
        if (take_body(conn, request, nowhere, sizeof nowhere) == 0)
            return false;
    return true;
}

/*
 * Closes in two steps: closing a socket with unread bytes resets the connection, and the peer
 * may lose the answer that is on its way. So first end our side, and let the peer read up to
 * there; when it ends too, or a second has passed, close. RFC 9112, section 9.6.
 */
static inline void
close_gently(int fd)
{
    struct pollfd more = {.fd = fd, .events = POLLIN};
    int64_t deadline = now_ns() + NS_PER_SECOND, left;
    char nowhere[65536];

    if (shutdown(fd, SHUT_WR) == 0)
        while ((left = deadline - now_ns()) > 0 && poll(&more, 1, (int)(left / NS_PER_MS) + 1) == 1)
            if (read(fd, nowhere, sizeof nowhere) <= 0)
                break;
    close(fd);
}
