/*
 * 4-mine-units.c - plays the I/O unit of the reader's server, with buffers and without a socket
 *
 * usage: with-storage SCENARIO WORD DIRECTORY; prints WORD ("held") and ends with 0 if all is as
 * it should be, else tells what was done and what was expected.
 *
 * Linked with the reader's logic unit, and with his storage unit or else the one below, which
 * holds its documents in memory.
 */
#include "buffer.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk;
struct document;
struct talk *talk_begin(const char *protocol);
bool talk_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended);
void talk_end(struct talk *t);
void storage_begin(const char *directory);
struct document *storage_open(const char *path, size_t *size);
size_t storage_read(struct document *d, void *to, size_t most);
void storage_close(struct document *d);

enum { IN_ROOM = 8192, OUT_ROOM = 4096, LARGE = 300000 };

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list values;

    printf("expected: %s\ngot: ", expected);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    printf("\n");
    exit(1);
}

/* ---- a storage unit of documents in memory, unless another one is linked ---- */

static int open_documents;

struct memory {
    const char *bytes;
    size_t size, at;
};

static char story[20000];

#define WEAK __attribute__((weak))

WEAK void
storage_begin(const char *directory)
{
    (void)directory;
    memset(story, 's', sizeof story - 1);
    story[sizeof story - 1] = '!';
}

WEAK struct document *
storage_open(const char *path, size_t *size)
{
    struct memory *m = calloc(1, sizeof *m);

    if (strcmp(path, "only/in memory.txt") == 0)
        *m = (struct memory){story, sizeof story, 0};
    else if (strcmp(path, "only/") == 0)
        *m = (struct memory){"an index\n", 9, 0};
    else if (strcmp(path, "empty") != 0) {
        free(m);
        return NULL;
    }
    *size = m->size;
    open_documents++;
    return (struct document *)m;
}

/* 700 bytes at a time at most: as a disk may. */
WEAK size_t
storage_read(struct document *d, void *to, size_t most)
{
    struct memory *m = (struct memory *)d;
    size_t left = m->size - m->at, n = most < left ? most : left;

    n = n < 700 ? n : 700;
    memcpy(to, m->bytes + m->at, n);
    m->at += n;
    return n;
}

WEAK void
storage_close(struct document *d)
{
    open_documents--;
    free(d);
}

/* ---- a conversation, and all that it has said ---- */

struct side {
    struct talk *talk;
    struct buffer in, out;
    char *said;
    size_t len, seen; /* how much, and how much of it has been looked at */
    size_t most;      /* bytes that its peer reads at a time */
    bool on;
};

static struct side
begin(const char *protocol, size_t most)
{
    struct side s = {.talk = talk_begin(protocol), .on = true, .most = most};

    if (!s.talk)
        wrong("talk_begin() returns a talk", "NULL, for \"%s\"", protocol);
    s.said = malloc(2000000);
    if (!s.said || !buffer_open(&s.in, IN_ROOM) || !buffer_open(&s.out, OUT_ROOM))
        exit(2);
    return s;
}

static void
end(struct side *s)
{
    talk_end(s->talk);
    buffer_close(&s->in);
    buffer_close(&s->out);
    free(s->said);
}

/* The peer reads: returns how much. */
static size_t
listen_to(struct side *s, size_t most)
{
    size_t len = buffer_length(&s->out), n = len < most ? len : most;

    if (s->len + n > 2000000)
        wrong("it ends sometime", "more than two million bytes");
    memcpy(s->said + s->len, buffer_bytes(&s->out), n);
    s->len += n;
    buffer_consume(&s->out, n);
    return n;
}

/* One turn. */
static void
turn(struct side *s, bool ended)
{
    size_t in = buffer_length(&s->in);

    s->on = talk_on(s->talk, &s->in, &s->out, ended);
    if (buffer_length(&s->in) > in || s->in.capacity != IN_ROOM || s->out.capacity != OUT_ROOM ||
        s->out.end > OUT_ROOM)
        wrong("in is consumed, and out appended to", "something else");
}

/* The peer sends so many bytes, and reads all that it gets until nothing comes any more. */
static void
tell(struct side *s, const char *bytes, size_t len, bool ended)
{
    for (;;) {
        size_t room = buffer_room(&s->in), n = len < room ? len : room, heard;

        buffer_append(&s->in, bytes, n);
        bytes += n;
        len -= n;
        turn(s, ended && len == 0);
        heard = listen_to(s, s->most);
        if (!s->on)
            break;
        if (n == 0 && heard == 0 && len > 0)
            wrong("it goes on", "in is full, out is empty, and it wants more");
        if (n == 0 && heard == 0)
            return;
    }
    while (listen_to(s, s->most) > 0)
        ;
}

static void
say(struct side *s, const char *text)
{
    tell(s, text, strlen(text), false);
}

/* The next answer: with such a status, and such a body. */
static void
hears(struct side *s, int status, const char *body, size_t len, bool has_body)
{
    char *at = s->said + s->seen, *blank, *field;
    size_t left = s->len - s->seen, length;
    int came;

    s->said[s->len] = 0;
    if (left == 0)
        wrong("an answer", "nothing");
    if (sscanf(at, "HTTP/1.%*d %d ", &came) != 1)
        wrong("an answer begins with HTTP/1.1", "%.30s", at);
    if (came != status) {
        char text[40];

        snprintf(text, sizeof text, "the status %d", status);
        wrong(text, "%d", came);
    }
    blank = memmem(at, left, "\r\n\r\n", 4);
    if (!blank)
        wrong("a head ends with a blank line", "%.60s", at);
    *blank = 0;
    field = strcasestr(at, "\r\ncontent-length:");
    if (!field)
        wrong("a field Content-Length", "%s", at);
    length = strtoul(field + 17, NULL, 10);
    at = blank + 4;
    left = s->len - (size_t)(at - s->said);
    if (!has_body)
        length = 0;
    if (length > left)
        wrong("as many bytes of the body as its Content-Length says", "%zu of %zu", left, length);
    if (body && has_body && (length != len || memcmp(at, body, len) != 0))
        wrong("the document, byte by byte", "another body, of %zu bytes instead of %zu", length,
              len);
    s->seen = (size_t)(at - s->said) + length;
}

static void
hears_page(struct side *s, const char *body)
{
    hears(s, 200, body, strlen(body), true);
}

static void
hears_no_more(const struct side *s)
{
    if (s->seen < s->len)
        wrong("nothing more", "%zu bytes more", s->len - s->seen);
}

static void
is_on(const struct side *s, bool on)
{
    if (s->on != on)
        wrong(on ? "talk_on() says true: it goes on" : "talk_on() says false: it is over",
              on ? "false" : "true");
}

/* ---- the plays ---- */

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

static char *large;

static void
play_begins(void)
{
    struct side echo = begin("echo", 1000), http = begin("http", 1000);

    printf("did: talk_begin() of echo, of http and of gopher\n");
    if (talk_begin("gopher"))
        wrong("NULL for \"gopher\"", "a talk");
    say(&http, "GET / HTTP/1.1\r\nHo");
    say(&echo, "e");
    end(&echo);
    end(&http);
}

static void
play_echo(void)
{
    static const size_t sizes[] = {1, 100, 5000, 1, 20000, 7};
    struct side s = begin("echo", 1000);
    size_t at = 0;

    printf("did: echo of pieces of 1 to 20000 bytes; the peer reads 1000 at a time\n");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tell(&s, large + at, sizes[i], false);
        at += sizes[i];
        is_on(&s, true);
        if (s.len != at || memcmp(s.said, large, at) != 0)
            wrong("what was sent comes back, at once", "%zu bytes after %zu", s.len, at);
    }
    printf("did: 5000 bytes; the peer reads nothing\n");
    buffer_append(&s.in, large + at, 5000);
    turn(&s, false);
    if (buffer_length(&s.out) == 0 || buffer_length(&s.in) + buffer_length(&s.out) != 5000)
        wrong("out is full, and the rest stays in in", "in has %zu, out has %zu",
              buffer_length(&s.in), buffer_length(&s.out));
    tell(&s, "", 0, true);
    at += 5000;
    if (s.len != at || memcmp(s.said, large, at) != 0)
        wrong("all of it comes back", "%zu bytes after %zu", s.len, at);
    is_on(&s, false);
    end(&s);
}

static void
play_requests(void)
{
    struct side s = begin("http", 1000);

    printf("did: one GET /\n");
    say(&s, GET("/"));
    hears_page(&s, "start\n");
    is_on(&s, true);
    printf("did: GET /sub/a%%20b.txt, HEAD /, GET /nothing, GET /empty.html, all at once\n");
    say(&s, GET("/sub/a%20b.txt") "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" GET("/nothing")
                GET("/empty.html"));
    hears_page(&s, "text\n");
    hears(&s, 200, NULL, 0, false);
    hears(&s, 404, NULL, 0, true);
    hears_page(&s, "");
    hears_no_more(&s);
    is_on(&s, true);
    printf("did: 200 times GET /sub/, all at once\n");
    for (int i = 0; i < 200; i++)
        say(&s, GET("/sub/"));
    for (int i = 0; i < 200; i++)
        hears_page(&s, "below\n");
    printf("did: GET / of HTTP/1.0\n");
    say(&s, "GET / HTTP/1.0\r\n\r\n");
    hears_page(&s, "start\n");
    hears_no_more(&s);
    is_on(&s, false);
    end(&s);
    s = begin("http", 1000);
    printf("did: a head without a colon, and GET / behind it\n");
    say(&s, "GET / HTTP/1.1\r\nHost\r\n\r\n" GET("/"));
    hears(&s, 400, NULL, 0, true);
    hears_no_more(&s);
    is_on(&s, false);
    end(&s);
}

static void
play_pieces(void)
{
    static const char two[] = GET("/sub/a%20b.txt") "POST / HTTP/1.1\r\nHost: a\r\n"
                                                    "Content-Length: 5\r\n\r\nabcde" GET("/");
    size_t len = sizeof two - 1, first = strlen(GET("/sub/a%20b.txt"));

    for (size_t cut = 1; cut < len; cut++) {
        struct side s = begin("http", 1000);

        printf("did: three requests, cut behind byte %zu\n", cut);
        tell(&s, two, cut, false);
        if (cut < first && s.len > 0)
            wrong("no answer before the request is whole", "%zu bytes", s.len);
        if (s.on)
            tell(&s, two + cut, len - cut, false);
        hears_page(&s, "text\n");
        hears(&s, 405, NULL, 0, true);
        if (s.on)
            hears_page(&s, "start\n");
        hears_no_more(&s);
        end(&s);
    }
    struct side s = begin("http", 1000);

    printf("did: a byte at a time\n");
    for (size_t i = 0; i < first; i++)
        tell(&s, two + i, 1, false);
    hears_page(&s, "text\n");
    end(&s);
}

static void
play_large(void)
{
    struct side s = begin("http", 1);

    s.most = 777;
    printf("did: GET /large, of 300000 bytes; the peer reads 777 at a time; GET / behind it\n");
    say(&s, GET("/large") GET("/"));
    hears(&s, 200, large, LARGE, true);
    hears_page(&s, "start\n");
    hears_no_more(&s);
    is_on(&s, true);
    end(&s);
}

static void
play_two(void)
{
    struct side a = begin("http", 500), b = begin("http", 500), c = begin("echo", 500);

    printf("did: A asks for /large, and reads 500 bytes; B sends half a request\n");
    buffer_append(&a.in, GET("/large"), strlen(GET("/large")));
    turn(&a, false);
    listen_to(&a, 500);
    say(&b, "GET /sub/ HT");
    printf("did: C, who talks echo, sends a line; A reads 500 bytes more; B sends the rest\n");
    say(&c, "hello\n");
    if (c.len != 6 || memcmp(c.said, "hello\n", 6) != 0)
        wrong("C gets back what it has sent", "%zu bytes", c.len);
    turn(&a, false);
    listen_to(&a, 500);
    say(&b, "TP/1.1\r\nHost: b\r\n\r\n");
    hears_page(&b, "below\n");
    hears_no_more(&b);
    is_on(&b, true);
    printf("did: B leaves; A reads all the rest\n");
    end(&b);
    say(&a, "");
    hears(&a, 200, large, LARGE, true);
    hears_no_more(&a);
    end(&a);
    end(&c);
}

static void
play_ended(void)
{
    struct side s = begin("http", 1000);

    printf("did: GET /large, and the end\n");
    tell(&s, GET("/large"), strlen(GET("/large")), true);
    hears(&s, 200, large, LARGE, true);
    hears_no_more(&s);
    is_on(&s, false);
    end(&s);
    s = begin("http", 1000);
    printf("did: two requests and a half, and the end\n");
    say(&s, GET("/") GET("/sub/") "GET / HTTP/1.1\r\nHost");
    is_on(&s, true);
    tell(&s, "", 0, true);
    hears_page(&s, "start\n");
    hears_page(&s, "below\n");
    is_on(&s, false);
    end(&s);
    s = begin("echo", 1000);
    printf("did: echo of 9000 bytes, and the end\n");
    tell(&s, large, 9000, true);
    if (s.len != 9000)
        wrong("9000 bytes come back", "%zu", s.len);
    is_on(&s, false);
    end(&s);
}

/* Reads so many bytes; storage_read() may bring fewer at a time. */
static void
read_some(struct document *d, const char *name, const char *expected, size_t len)
{
    static char bytes[LARGE];
    size_t got = 0, n;

    while (got < len && (n = storage_read(d, bytes + got, len - got)) > 0)
        got += n;
    if (got != len || memcmp(bytes, expected, len) != 0)
        wrong("the bytes of the document", "%zu other bytes of %s", got, name);
}

static void
play_storage(void)
{
    static const char *const none[] = {
        "nothing",       "sub/nothing", "../secret.txt", "sub/../../secret.txt", "fifo", "link",
        "up/secret.txt", "sub/deep/",   "index.html/x",  "/../../secret.txt",    "sub",
    };
    struct document *a, *b;
    size_t size = 0, before;
    char byte;

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        printf("did: storage_open(\"%s\")\n", none[i]);
        fflush(stdout);
        if (storage_open(none[i], &size))
            wrong("NULL", "a document of %zu bytes", size);
    }
    printf("did: storage_open(\"large\"), storage_open(\"sub/\"), and read both, in turn\n");
    a = storage_open("large", &size);
    if (!a || size != LARGE)
        wrong("a document of 300000 bytes", a ? "one of %zu" : "NULL", size);
    read_some(a, "large", large, 1000);
    b = storage_open("sub/", &size);
    if (!b || size != 6)
        wrong("sub/index.html, a document of 6 bytes", b ? "one of %zu" : "NULL", size);
    read_some(b, "sub/", "below\n", 6);
    read_some(a, "large", large + 1000, LARGE - 1000);
    if (storage_read(b, &byte, 1) != 0 || storage_read(a, &byte, 1) != 0)
        wrong("storage_read() says 0 at the end", "another number");
    storage_close(a);
    storage_close(b);
    printf("did: 100 times storage_open(\"\") and storage_close()\n");
    before = (size_t)dup(0);
    for (int i = 0; i < 100; i++)
        storage_close(storage_open("", &size));
    if ((size_t)dup(0) != before + 1)
        wrong("no descriptor is left open", "some are");
}

static void
play_memory(void)
{
    struct side s = begin("http", 1000);

    printf("did: with documents that are on no disk: GET /only/in%%20memory.txt, then /only/\n");
    say(&s, GET("/only/in%20memory.txt"));
    hears(&s, 200, story, sizeof story, true);
    if (!strcasestr(s.said, "\r\ncontent-type: text/plain") &&
        !strcasestr(s.said, "\r\ncontent-type:text/plain"))
        wrong("a field Content-Type: text/plain, by the name", "%.200s", s.said);
    say(&s, GET("/only/"));
    hears_page(&s, "an index\n");
    say(&s, GET("/empty") GET("/index.html") "HEAD /only/ HTTP/1.1\r\nHost: a\r\n\r\n");
    hears_page(&s, "");
    hears(&s, 404, NULL, 0, true);
    hears(&s, 200, NULL, 0, false);
    hears_no_more(&s);
    if (open_documents != 0)
        wrong("each document is closed when it has been sent", "%d are open", open_documents);
    end(&s);
}

static void
play_leaves(void)
{
    struct side s = begin("http", 1000);

    printf("did: GET /only/in%%20memory.txt; the peer reads 1000 bytes, and leaves\n");
    buffer_append(&s.in, GET("/only/in%20memory.txt"), strlen(GET("/only/in%20memory.txt")));
    turn(&s, false);
    listen_to(&s, 1000);
    turn(&s, false);
    end(&s);
    if (open_documents != 0)
        wrong("talk_end() closes the document that was on its way", "%d are open", open_documents);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"begins", play_begins}, {"echo", play_echo},       {"requests", play_requests},
    {"pieces", play_pieces}, {"large", play_large},     {"two", play_two},
    {"ended", play_ended},   {"storage", play_storage}, {"memory", play_memory},
    {"leaves", play_leaves},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0, len = 0;
    char path[4096];
    int fd;

    if (argc != 4)
        return 2;
    snprintf(path, sizeof path, "%s/large", argv[3]);
    large = malloc(LARGE);
    fd = open(path, O_RDONLY);
    if (!large || read_exactly(fd, large, LARGE, &len) != IO_DATA)
        return 2;
    close(fd);
    storage_begin(argv[3]);
    while (i < n && strcmp(scenarios[i].name, argv[1]) != 0)
        i++;
    if (i == n)
        return 2;
    scenarios[i].play();
    free(large);
    printf("%s\n", argv[2]);
    return 0;
}
