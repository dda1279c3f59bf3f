/* logic.c - the logic unit: echo, and documents by HTTP */
#include "http.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_BODY = 1 << 20, MOST_ANSWER = 400 }; /* an answer without its document */

struct request {
    char head[IN_ROOM + 1]; /* the strings are parts of it */
    const char *method, *target;
    size_t body;
    bool persists;
};

struct talk {
    bool (*go_on)(struct talk *, struct buffer *in, struct buffer *out, bool ended);
    struct document *document; /* is on its way, or NULL */
    size_t left;               /* how much of it is still to be sent */
    size_t body;               /* how much of the last request is still to be passed over */
    bool over;                 /* when the document has been sent */
};

/* ---- understanding a request; a status is 200, or the one to refuse with ---- */

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

/* Takes the next head out of `in`. 0: it is not all there yet. */
static int
take_request(struct request *request, struct buffer *in)
{
    size_t len = buffer_length(in);
    const char *end = len > 0 ? memmem(buffer_bytes(in), len, "\r\n\r\n", 4) : NULL;

    request->method = "";
    request->body = 0;
    request->persists = false;
    if (!end)
        return buffer_room(in) > 0 ? 0 : 431;
    len = (size_t)(end + 4 - buffer_bytes(in));
    memcpy(request->head, buffer_bytes(in), len);
    request->head[len] = '\0';
    buffer_consume(in, len);
    if (strlen(request->head) != len)
        return 400; /* there is a zero in it */
    return split_head(request);
}

/* ---- answering ---- */

/* On 200 the document that is asked for is t->document, and `path` is where it lies. */
static int
find(struct talk *t, const struct request *request, char *path, size_t size)
{
    int status;

    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        return 405;
    status = http_path(request->target, strlen(request->target), path, size);
    if (status == 200 && !(t->document = storage_open(path, &t->left)))
        status = 404;
    return status;
}

static const char *
type_of(const char *path)
{
    size_t len = strlen(path);

    return len == 0 || path[len - 1] == '/' ? http_type("index.html", 10) : http_type(path, len);
}

static void
close_document(struct talk *t)
{
    if (t->document)
        storage_close(t->document);
    t->document = NULL;
    t->left = 0;
}

/* There is room for MOST_ANSWER bytes. */
static void
answer(struct talk *t, const struct request *request, int status, struct buffer *out)
{
    bool head = strcmp(request->method, "HEAD") == 0, persists = request->persists;
    char path[IN_ROOM], text[80];
    size_t len;

    if (status != 200 || request->body > MOST_BODY)
        persists = false;
    if (status == 200)
        status = find(t, request, path, sizeof path);
    len = (size_t)snprintf(text, sizeof text, "%d %s\n", status, http_reason(status));
    buffer_print(out, "HTTP/1.1 %d %s\r\n%s%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                 status, http_reason(status), persists ? "" : "Connection: close\r\n",
                 status == 405 ? "Allow: GET, HEAD\r\n" : "",
                 status == 200 ? type_of(path) : "text/plain", status == 200 ? t->left : len,
                 status == 200 || head ? "" : text);
    if (head)
        close_document(t);
    t->body = request->body;
    t->over = !persists;
}

/* As much of the document as there is room for. */
static void
send_document(struct talk *t, struct buffer *out)
{
    size_t room = buffer_room(out), most = t->left < room ? t->left : room, n = 0;

    if (most > 0) {
        n = storage_read(t->document, buffer_space(out), most);
        buffer_added(out, n);
        t->left -= n;
        if (n == 0) /* it has become shorter: the length that was announced does not hold */
            t->over = true;
    }
    if (t->left == 0 || (most > 0 && n == 0))
        close_document(t);
}

static bool
http_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended)
{
    struct request request;
    size_t some;
    int status;

    for (;;) {
        while (t->document && (t->left == 0 || buffer_room(out) > 0))
            send_document(t, out);
        if (t->document)
            return true; /* when there is room */
        if (t->over)
            return false;
        some = t->body < buffer_length(in) ? t->body : buffer_length(in);
        buffer_consume(in, some);
        t->body -= some;
        if (t->body > 0)
            return !ended;
        if (buffer_room(out) < MOST_ANSWER)
            return true;
        status = take_request(&request, in);
        if (status == 0)
            return !ended;
        answer(t, &request, status, out);
    }
}

static bool
echo_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended)
{
    size_t len = buffer_length(in), room = buffer_room(out);

    (void)t;
    if (len > room)
        len = room;
    buffer_append(out, buffer_bytes(in), len); /* it fits */
    buffer_consume(in, len);
    return !ended || buffer_length(in) > 0;
}

/* ---- a conversation ---- */

struct talk *
talk_begin(const char *protocol)
{
    bool http = strcmp(protocol, "http") == 0;
    struct talk *t;

    if (!http && strcmp(protocol, "echo") != 0)
        return NULL;
    t = calloc(1, sizeof *t);
    if (t)
        t->go_on = http ? http_on : echo_on;
    return t;
}

bool
talk_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended)
{
    return t->go_on(t, in, out, ended);
}

void
talk_end(struct talk *t)
{
    close_document(t);
    free(t);
}
