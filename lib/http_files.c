#include "http_files.h"

#include "docroot.h"
#include "http.h"
#include "http_parser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BODY = 1 << 20, LOCATION = 1024, ETAG = 64 };

static int root = AT_FDCWD;

/* What is being done; feed() goes from one to the next until it has to wait. */
enum doing {
    READING,   /* a request, down to the last byte of its body */
    INVITING,  /* a client that waits to be told "100 Continue" */
    ANSWERING, /* a head has to be appended */
    SENDING,   /* what is left of the file has to be appended */
    CLOSING,   /* nothing more will be read or appended */
};

struct connection {
    struct http_parser parser;
    enum doing doing;
    bool in_body; /* READING: the head is complete */

    /* The answer: known once the head of its request is, but sent when the body has come, too. */
    int status;
    bool head_only, persists;
    struct docroot_file file; /* of a 200 or 304; fd -1: none */
    off_t left;               /* bytes of the file that have not been appended */
    char etag[ETAG];
    char location[LOCATION]; /* of a 301 */
};

void
http_files_root(const char *directory)
{
    root = docroot(directory);
}

static void
http_start(void *state)
{
    struct connection *c = state;

    http_parser_start(&c->parser, MOST_BODY);
    c->file.fd = -1;
}

static void
close_file(struct connection *c)
{
    if (c->file.fd != -1)
        close(c->file.fd);
    c->file.fd = -1;
}

static void
http_end(void *state)
{
    close_file(state);
}

/* ---- the request ---- */

/* RFC 9110, section 13.1.2: a list of tags, weak or not; they are compared weakly. Or "*". */
static bool
lists_etag(const char *list, size_t len, const char *etag)
{
    size_t etag_len = strlen(etag);

    if (len == 1 && *list == '*')
        return true;
    for (size_t i = 0; i + etag_len <= len; i++) /* it begins and ends with quotes */
        if (memcmp(list + i, etag, etag_len) == 0)
            return true;
    return false;
}

/* Does the client have this version of the file? Section 13.2.2: tags first, being exact. */
static bool
has_it_already(const struct connection *c, const char *head)
{
    bool asked = false;
    const char *value;
    size_t len;
    time_t since;

    for (size_t i = 0; i < c->parser.field_count; i++) {
        const struct http_field *f = &c->parser.fields[i];

        if (f->name.len != strlen("if-none-match") ||
            strncasecmp(head + f->name.start, "if-none-match", f->name.len) != 0)
            continue;
        asked = true;
        if (lists_etag(head + f->value.start, f->value.len, c->etag))
            return true;
    }
    value = http_find_field(&c->parser, head, "if-modified-since", &len);
    return !asked && value && http_parse_date(value, len, &since) && c->file.modified <= since;
}

/* 301: the directory's own address ends with a slash, else the links in it would lead astray. */
static int
redirect(struct connection *c, const char *path, const char *target, size_t len)
{
    const char *query = memchr(target, '?', len);
    size_t query_len = query ? len - (size_t)(query - target) : 0, used;

    if (!http_encode(path, c->location, sizeof c->location))
        return 414;
    used = strlen(c->location);
    if (used + 1 + query_len >= sizeof c->location)
        return 414;
    c->location[used++] = '/';
    if (query)
        memcpy(c->location + used, query, query_len);
    c->location[used + query_len] = '\0';
    return 301;
}

static int
open_target(struct connection *c, const char *head)
{
    struct http_part part = c->parser.path;
    bool has_path = part.len > 0 && head[part.start] == '/'; /* not in `http://host?query` */
    const char *target = has_path ? head + part.start : "/";
    size_t len = has_path ? part.len : 1;
    char path[HTTP_LONGEST_REQUEST_LINE];
    int result = http_path(target, len, path, sizeof path);

    if (result == 200)
        result = docroot_open(root, path, &c->file);
    if (result == 301)
        return redirect(c, path, target, len);
    if (result != 200)
        return result;
    snprintf(c->etag, sizeof c->etag, "\"%llx-%lx-%llx\"", (long long)c->file.modified,
             c->file.modified_ns, (long long)c->file.size);
    return has_it_already(c, head) ? 304 : 200;
}

/* The head of the request lies at `head`; it decides the answer. */
static void
decide(struct connection *c, const char *head)
{
    const struct http_parser *p = &c->parser;

    c->head_only = p->method == METHOD_HEAD;
    c->persists = p->keep_alive;
    if (p->method == METHOD_GET || p->method == METHOD_HEAD)
        c->status = open_target(c, head);
    else if (p->method == METHOD_OPTIONS)
        c->status = 204;
    else
        c->status = p->method == METHOD_OTHER ? 501 : 405;
}

/* A client that asks before it sends its body must hear at once. RFC 9110, section 10.1.1. */
static enum doing
after_head(struct connection *c)
{
    const struct http_parser *p = &c->parser;

    c->in_body = true;
    if (!p->expects_continue || (!p->chunked && p->content_length == 0))
        return READING;
    if (c->status < 400)
        return INVITING;
    c->persists = false; /* will the body come all the same? Nobody can know */
    return ANSWERING;
}

static void
refuse(struct connection *c, int status)
{
    close_file(c);
    c->status = status;
    c->head_only = c->parser.method == METHOD_HEAD;
    c->persists = false; /* nobody knows where the next one would begin */
    c->doing = ANSWERING;
}

/* Reads on, up to the next event. False: before that, more bytes must come. */
static bool
read_request(struct connection *c, struct buffer *in)
{
    size_t used;
    enum http_event event = http_parse(&c->parser, buffer_bytes(in), buffer_length(in), &used);

    switch (event) {
    case HTTP_HEAD:
        decide(c, buffer_bytes(in));
        c->doing = after_head(c);
        break;
    case HTTP_END:
        c->in_body = false;
        c->doing = ANSWERING;
        break;
    case HTTP_ERROR:
        refuse(c, c->parser.status);
        break;
    case HTTP_BODY: /* nobody wants it */
    case HTTP_MORE:
        break;
    }
    buffer_consume(in, used);
    return event != HTTP_MORE;
}

/* ---- the answer ---- */

/* What the head says about what follows it, or (HEAD, 304) would follow. */
static int
describe_content(const struct connection *c, time_t now, char *text, size_t size)
{
    char date[HTTP_DATE];
    time_t modified = c->file.modified < now ? c->file.modified : now;

    switch (c->status) {
    case 200:
        return snprintf(text, size,
                        "Content-Type: %s\r\nContent-Length: %lld\r\n"
                        "Last-Modified: %s\r\nETag: %s\r\n",
                        c->file.type, (long long)c->file.size, http_date(modified, date), c->etag);
    case 304:
        return snprintf(text, size, "Last-Modified: %s\r\nETag: %s\r\n", http_date(modified, date),
                        c->etag);
    case 204:
        return snprintf(text, size, "Allow: GET, HEAD, OPTIONS\r\n");
    default:
        return snprintf(text, size, "%s%s%s%sContent-Type: text/plain\r\nContent-Length: %zu\r\n",
                        c->status == 405 ? "Allow: GET, HEAD, OPTIONS\r\n" : "",
                        c->status == 301 ? "Location: " : "", c->status == 301 ? c->location : "",
                        c->status == 301 ? "\r\n" : "",
                        strlen("404 \n") + strlen(http_reason(c->status)));
    }
}

/* Appends the head, and with it the short body of an answer that is not a file. False: no room. */
static bool
append_head(struct connection *c, struct buffer *out)
{
    time_t now = time(NULL);
    char date[HTTP_DATE], content[LOCATION + 512], body[64] = "";
    const char *connection = "Connection: close\r\n";

    describe_content(c, now, content, sizeof content);
    if (c->persists)
        connection = c->parser.minor_version == 0 ? "Connection: keep-alive\r\n" : "";
    if (!c->head_only && c->status != 200 && c->status != 204 && c->status != 304)
        snprintf(body, sizeof body, "%d %s\n", c->status, http_reason(c->status));
    return buffer_print(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s\r\n%s", c->status,
                        http_reason(c->status), http_date(now, date), content, connection, body);
}

/* True: all of the file has been appended. Else no room, or (c->doing) the file has shrunk. */
static bool
append_file(struct connection *c, struct buffer *out)
{
    while (c->left > 0 && buffer_room(out) > 0) {
        size_t len = buffer_room(out);
        ssize_t n;

        if ((off_t)len > c->left)
            len = (size_t)c->left;
        n = read(c->file.fd, buffer_space(out), len);
        if (n > 0) {
            buffer_added(out, (size_t)n);
            c->left -= n;
        } else if (io_result(n) != IO_INTERRUPTED) {
            c->doing = CLOSING; /* fewer bytes than promised, and nothing can stand in for them */
            return false;
        }
    }
    return c->left == 0;
}

/* ---- the protocol ---- */

static enum feed
http_feed(void *state, struct buffer *in, struct buffer *out)
{
    static const char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct connection *c = state;

    for (;;) {
        switch (c->doing) {
        case READING:
            if (read_request(c, in))
                break;
            if (c->in_body)
                return FEED_BODY;
            return http_in_message(&c->parser) ? FEED_HEAD : FEED_IDLE;
        case INVITING:
            if (!buffer_append(out, invitation, strlen(invitation)))
                return FEED_ROOM;
            c->doing = READING;
            break;
        case ANSWERING:
            if (!append_head(c, out))
                return FEED_ROOM;
            c->left = c->status == 200 && !c->head_only ? c->file.size : 0;
            c->doing = SENDING;
            break;
        case SENDING:
            if (!append_file(c, out) && c->doing == SENDING)
                return FEED_ROOM;
            if (c->left > 0)
                break;
            close_file(c);
            c->doing = c->persists ? READING : CLOSING;
            break;
        case CLOSING:
            return FEED_FLUSH;
        }
    }
}

static void
http_late(void *state, struct buffer *out)
{
    struct connection *c = state;

    if (c->doing == READING) {
        refuse(c, 408);
        append_head(c, out); /* if there is room; the connection is closed either way */
        c->doing = CLOSING;
    }
}

const struct protocol http_protocol = {
    .name = "http",
    .state_size = sizeof(struct connection),
    .start = http_start,
    .feed = http_feed,
    .late = http_late,
    .end = http_end,
};
