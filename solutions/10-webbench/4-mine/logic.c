/* logic.c - the logic unit: echo, and documents by HTTP; logic-request.c reads the requests */
#include "http.h"
#include "logic-log.h"
#include "logic-request.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ANSWER = 400 }; /* bytes of an answer without its document */

void (*tell_answer)(const char *, const char *, size_t, int, size_t);

struct talk {
    bool (*go_on)(struct talk *, struct buffer *in, struct buffer *out, bool ended);
    struct request request;    /* how far it has come */
    size_t steps;              /* see talk_awaits() */
    struct document *document; /* is on its way, or NULL */
    size_t left;               /* how much of it is still to be sent */
    bool over;                 /* when the document has been sent */
};

/* ---- answering ---- */

static bool
is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0)
        words++;
    return *words;
}

/* On 200 the document that is asked for is t->document, and `path` is where it lies. */
static int
find(struct talk *t, char *path, size_t size)
{
    static const char *const ours[] = {"GET", "HEAD", NULL};
    static const char *const known[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE", NULL};
    const struct request *r = &t->request;
    int status;

    if (!is_one_of(r->method, ours))
        return is_one_of(r->method, known) ? 405 : 501;
    status = http_path(r->target, r->target_len, path, size);
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

/* There is room for MOST_ANSWER bytes. `path` is that of the document, if there is one. */
static void
say(struct talk *t, int status, const char *path, struct buffer *out)
{
    bool head = strcmp(t->request.method, "HEAD") == 0;
    char text[80];
    size_t len = (size_t)snprintf(text, sizeof text, "%d %s\n", status, http_reason(status));
    size_t bytes = head ? 0 : status == 200 ? t->left : len;
    const struct request *r = &t->request;

    buffer_print(out, "HTTP/1.1 %d %s\r\n%s%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                 status, http_reason(status),
                 !t->request.goes_on     ? "Connection: close\r\n"
                 : t->request.minor == 0 ? "Connection: keep-alive\r\n"
                                         : "",
                 status == 405 ? "Allow: GET, HEAD\r\n" : "",
                 status == 200 ? type_of(path) : "text/plain", status == 200 ? t->left : len,
                 status == 200 || head ? "" : text);
    if (tell_answer)
        tell_answer(path ? r->method : "-", path ? r->target : "-", path ? r->target_len : 1,
                    status, bytes);
    if (head)
        close_document(t);
    t->over = !t->request.goes_on;
}

static void
refuse(struct talk *t, int status, struct buffer *out)
{
    t->request.goes_on = false;
    say(t, status, NULL, out);
}

static void
answer(struct talk *t, struct buffer *out)
{
    char path[MOST_LINE];

    say(t, find(t, path, sizeof path), path, out);
    request_begin(&t->request);
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

/* Feeds the machine until it has something to tell, or there are no more bytes. */
static enum request_event
next_event(struct talk *t, struct buffer *in)
{
    const char *bytes = buffer_bytes(in);
    size_t len = buffer_length(in), used = 0;
    enum request_event event = REQUEST_MORE;

    while (used < len && event == REQUEST_MORE) {
        if (!request_has_begun(&t->request) || request_is_in_body(&t->request))
            t->steps++;
        event = request_take(&t->request, bytes[used++]);
    }
    buffer_consume(in, used);
    return event;
}

static bool
http_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended)
{
    for (;;) {
        while (t->document && (t->left == 0 || buffer_room(out) > 0))
            send_document(t, out);
        if (t->document)
            return true; /* when there is room */
        if (t->over)
            return false;
        if (buffer_room(out) < MOST_ANSWER)
            return true;
        switch (next_event(t, in)) {
        case REQUEST_MORE:
            return !ended;
        case REQUEST_HEAD:
            if (t->request.expects_continue && t->request.minor > 0)
                buffer_print(out, "HTTP/1.1 100 Continue\r\n\r\n");
            break;
        case REQUEST_WHOLE:
            answer(t, out);
            break;
        case REQUEST_WRONG:
            refuse(t, t->request.status, out);
            break;
        }
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
    t = calloc(1, sizeof *t); /* with a machine that has just begun */
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

size_t
talk_awaits(const struct talk *t)
{
    return t->over || t->document || !request_has_begun(&t->request) ? 0 : t->steps;
}

void
talk_late(struct talk *t, struct buffer *out)
{
    if (talk_awaits(t) > 0 && buffer_room(out) >= MOST_ANSWER)
        refuse(t, 408, out);
}
