/*
 * misbehave.c - an echo or HTTP server that does one thing wrong
 *
 * Shows:  what a client has to be prepared for. A load generator is only as good as its word
 *         about servers like these.
 * Run:    build/tests/misbehave -p 8000 -w stale
 * Watch:  build/10-webbench/load -w 1 127.0.0.1 8000
 *
 * What one read() returns is taken for a message; for short messages on loopback it is one.
 * At the end, how many bytes were echoed as they came is written to stderr; by the ways of HTTP,
 * how many requests were answered to the last byte that was to be said.
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One connection, which has a thread of its own. */
struct peer {
    int fd;
    ssize_t len; /* of the message that has just come */
    char message[1 << 16];
    unsigned long messages;
    int matched; /* bytes of the blank line that ends a head */
};

struct way {
    const char *name, *meaning;
    enum io_result (*answer)(struct peer *);
    enum io_result (*greeting)(struct peer *); /* before anything was read; NULL: nothing happens */
    const char *text;                          /* NULL: it does not speak HTTP */
};

static const struct way *way;

static _Atomic unsigned long long echoed;
static atomic_ulong answered;

static enum io_result
echo(struct peer *p)
{
    enum io_result result = write_all(p->fd, p->message, (size_t)p->len);

    if (result == IO_DATA)
        echoed += (unsigned long long)p->len;
    return result;
}

static enum io_result
say_nothing(struct peer *p)
{
    return p->len > 0 ? IO_DATA : IO_END;
}

static enum io_result
reset(struct peer *p)
{
    struct linger at_once = {.l_onoff = 1};

    check(setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "setsockopt");
    return IO_END;
}

static enum io_result
close_now(struct peer *p)
{
    (void)p;
    return IO_END;
}

static enum io_result
close_after_half(struct peer *p)
{
    write_all(p->fd, p->message, (size_t)p->len / 2);
    return IO_END;
}

static enum io_result
close_after_answer(struct peer *p)
{
    echo(p);
    return IO_END;
}

static enum io_result
change_one_bit(struct peer *p)
{
    p->message[p->len - 1] ^= 1;
    return write_all(p->fd, p->message, (size_t)p->len);
}

static enum io_result
answer_twice(struct peer *p)
{
    enum io_result result = write_all(p->fd, p->message, (size_t)p->len);

    return result == IO_DATA ? write_all(p->fd, p->message, (size_t)p->len) : result;
}

/* Every answer is the first message of this connection. */
static enum io_result
answer_stale(struct peer *p)
{
    static _Thread_local char first[sizeof p->message];

    if (p->messages == 1)
        memcpy(first, p->message, sizeof first);
    return write_all(p->fd, first, (size_t)p->len);
}

/* Every answer is the last message of whatever connection it was. */
static enum io_result
answer_crossed(struct peer *p)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char last[sizeof p->message];
    char swap[sizeof p->message];

    pthread_mutex_lock(&lock);
    memcpy(swap, last, (size_t)p->len);
    memcpy(last, p->message, (size_t)p->len);
    pthread_mutex_unlock(&lock);
    return write_all(p->fd, swap, (size_t)p->len);
}

/* Answers the hundredth message of a connection, and no other after it. */
static enum io_result
lose_one(struct peer *p)
{
    return p->messages == 100 ? IO_DATA : echo(p);
}

static enum io_result
drip(struct peer *p)
{
    for (ssize_t i = 0; i < p->len; i++) {
        sleep_ms(50);
        if (write_all(p->fd, p->message + i, 1) != IO_DATA)
            return IO_END;
    }
    return IO_DATA;
}

static enum io_result
pour(struct peer *p)
{
    while (write_all(p->fd, p->message, sizeof p->message) == IO_DATA)
        ;
    return IO_END;
}

/* ---- the same over HTTP ---- */

static bool
says(const struct peer *p, const char *text)
{
    return memmem(p->message, (size_t)p->len, text, strlen(text)) != NULL;
}

/* A request of HTTP/0.9 is one line, without a version. */
static bool
is_old(const struct peer *p)
{
    return p->messages == 1 && !says(p, " HTTP/1.");
}

/* How many requests end in this message; their bodies, if any, have no blank line. */
static int
count_requests(struct peer *p)
{
    int requests = is_old(p);

    for (ssize_t i = 0; i < p->len; i++) {
        bool goes_on = p->message[i] == "\r\n\r\n"[p->matched];

        p->matched = goes_on ? p->matched + 1 : p->message[i] == '\r';
        if (p->matched == 4) {
            requests++;
            p->matched = 0;
        }
    }
    return requests;
}

/* Says the text of this way to every request. */
static enum io_result
say(struct peer *p)
{
    enum io_result result = IO_DATA;

    for (int requests = count_requests(p); requests > 0 && result == IO_DATA; requests--) {
        result = write_all(p->fd, way->text, strlen(way->text));
        answered += result == IO_DATA;
    }
    return result;
}

static enum io_result
say_and_close(struct peer *p)
{
    if (count_requests(p) == 0)
        return IO_DATA; /* the head goes on */
    answered += write_all(p->fd, way->text, strlen(way->text)) == IO_DATA;
    return IO_END;
}

static enum io_result
say_and_reset(struct peer *p)
{
    say(p);
    sleep_ms(20); /* for a reset overtakes what the other side has not read yet */
    return reset(p);
}

static enum io_result
say_and_never_end(struct peer *p)
{
    static const char line[] = "X-Field: value\r\n";

    for (size_t i = 0; i < sizeof p->message; i += strlen(line))
        memcpy(p->message + i, line, strlen(line));
    return write_all(p->fd, way->text, strlen(way->text)) == IO_DATA ? pour(p) : IO_END;
}

static enum io_result
say_a_byte_a_second(struct peer *p)
{
    for (const char *text = way->text; *text; text++) {
        if (write_all(p->fd, text, 1) != IO_DATA)
            return IO_END;
        sleep_ms(1000);
    }
    answered++;
    return p->len > 0 ? IO_DATA : IO_END;
}

/* As it should be, for HTTP/1.1, 1.0 and 0.9, pipelined or not; HEAD gets the head alone. */
static enum io_result
serve_page(struct peer *p)
{
    bool closes = is_old(p) || says(p, " HTTP/1.0\r\n") || says(p, "Connection: close");
    enum io_result result = IO_DATA;
    char page[200];
    int len = snprintf(page, sizeof page, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n",
                       strlen(way->text), closes ? "Connection: close\r\n" : "");

    if (is_old(p))
        len = 0;
    if (strncmp(p->message, "HEAD ", 5) != 0)
        len += snprintf(page + len, sizeof page - (size_t)len, "%s", way->text);
    for (int requests = count_requests(p); requests > 0 && result == IO_DATA; requests--) {
        result = write_all(p->fd, page, (size_t)len);
        answered += result == IO_DATA;
        if (closes)
            return IO_END;
    }
    return result;
}

/* Answers, one after the other, what has not been sent yet, or not been read. */
static enum io_result
answer_ahead(struct peer *p)
{
    for (int i = 0; i < 10; i++) {
        answered += write_all(p->fd, way->text, strlen(way->text)) == IO_DATA;
        sleep_ms(5);
    }
    return IO_DATA;
}

static enum io_result
show_and_serve(struct peer *p)
{
    write_all(STDERR_FILENO, p->message, (size_t)p->len);
    return serve_page(p);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define PAGE "Hello, world\n"

static const struct way ways[] = {
    {"none", "answers as it should", echo, NULL, NULL},
    {"silent", "reads, and never answers", say_nothing, NULL, NULL},
    {"resets", "resets the connection instead of an answer", reset, NULL, NULL},
    {"closes", "closes it instead of an answer", close_now, NULL, NULL},
    {"half", "closes it after half an answer", close_after_half, NULL, NULL},
    {"once", "answers one message and closes", close_after_answer, NULL, NULL},
    {"hangs-up", "closes it before anything was sent", close_now, close_now, NULL},
    {"wrong", "changes one bit of the answer", change_one_bit, NULL, NULL},
    {"twice", "answers everything twice", answer_twice, NULL, NULL},
    {"stale", "answers with the first message of the connection", answer_stale, NULL, NULL},
    {"crossed", "answers with the last message of any connection", answer_crossed, NULL, NULL},
    {"loses", "does not answer the 100th message", lose_one, NULL, NULL},
    {"drips", "answers a byte every 50 ms", drip, NULL, NULL},
    {"pours", "answers without end", pour, NULL, NULL},
    {"greets", "speaks before it was asked", pour, pour, NULL},
    {"deaf", "listens, and never accepts", NULL, NULL, NULL},
    {"full", "the same, and has room for one connection only", NULL, NULL, NULL},

    {"http", "answers a page as it should", serve_page, NULL, PAGE},
    {"shows", "the same, and writes every request to stderr", show_and_serve, NULL, PAGE},
    {"ahead", "answers ten requests before it reads any", say_nothing, answer_ahead,
     OK "Content-Length: 0\r\n\r\n"},
    {"until-end", "a page without a length: its end is the connection's", say_and_close, NULL,
     OK "Connection: close\r\n\r\n" PAGE},
    {"chunks", "a page in chunks", say, NULL,
     OK "Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n8;x=y\r\n, world\n\r\n0\r\n\r\n"},
    {"not-found", "every page is a 404", say_and_close, NULL,
     "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnone\n"},
    {"error", "every page is a 500", say_and_close, NULL,
     "HTTP/1.1 500 Oh No\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsad\n"},
    {"garbage", "another protocol's answer", say_and_close, NULL, "SSH-2.0-OpenSSH_9.9\r\n"},
    {"headers", "closes after the headers", say_and_close, NULL, OK "Content-Length: 13\r\n\r\n"},
    {"half-head", "closes within the headers", say_and_close, NULL, OK "Content-Le"},
    {"short", "closes before the end of the body", say_and_close, NULL,
     OK "Content-Length: 20\r\n\r\n" PAGE},
    {"long", "a body longer than promised", say_and_close, NULL,
     OK "Content-Length: 3\r\n\r\n" PAGE},
    {"stalls", "says nothing more in the middle of the body", say, NULL,
     OK "Content-Length: 20\r\n\r\n" PAGE},
    {"http-resets", "resets in the middle of the body", say_and_reset, NULL,
     OK "Content-Length: 20\r\n\r\n" PAGE},
    {"http-drips", "a byte a second", say_a_byte_a_second, NULL,
     OK "Content-Length: 13\r\n\r\n" PAGE},
    {"endless-headers", "headers without end", say_and_never_end, NULL, OK},
    {"negative-length", "a body of -13 bytes", say_and_close, NULL,
     OK "Content-Length: -13\r\n\r\n" PAGE},
    {"huge-length", "a body of more bytes than 64 bits can count", say_and_close, NULL,
     OK "Content-Length: 99999999999999999999\r\n\r\n" PAGE},
    {"no-length", "a length that is no number", say_and_close, NULL,
     OK "Content-Length: many\r\n\r\n" PAGE},
    {"two-lengths", "two lengths, and one is wrong", say_and_close, NULL,
     OK "Content-Length: 13\r\nContent-Length: 20\r\n\r\n" PAGE},
    {"bad-chunk", "a chunk whose size is no number", say_and_close, NULL,
     OK "Transfer-Encoding: chunked\r\n\r\nfive\r\nHello\r\n0\r\n\r\n"},
    {"huge-chunk", "a chunk of more bytes than 64 bits can count", say_and_close, NULL,
     OK "Transfer-Encoding: chunked\r\n\r\n1000000000000000005\r\nHello\r\n0\r\n\r\n"},
    {"cut-chunk", "closes in the middle of a chunk", say_and_close, NULL,
     OK "Transfer-Encoding: chunked\r\n\r\n20\r\nHello"},
    {NULL, NULL, NULL, NULL, NULL},
};

static atomic_int threads;

static void *
serve(void *argument)
{
    struct peer *p = argument;
    enum io_result result = way->greeting ? way->greeting(p) : IO_DATA;

    while (result == IO_DATA && (p->len = read(p->fd, p->message, sizeof p->message)) > 0) {
        p->messages++;
        result = way->answer(p);
    }
    close(p->fd);
    free(p);
    threads--;
    return NULL;
}

static const struct way *
find_way(const char *name)
{
    const struct way *w;

    for (w = ways; w->name; w++)
        if (strcmp(w->name, name) == 0)
            return w;
    fprintf(stderr, "misbehave: there is no way '%s'; there are:\n", name);
    for (w = ways; w->name; w++)
        fprintf(stderr, "  %-16s%s\n", w->name, w->meaning);
    exit(2);
}

int
main(int argc, char **argv)
{
    const char *name = "none";
    const struct own_option own[] = {{'w', "WAY", "what it does wrong (none)", &name}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port), fd;
    pthread_t thread;

    way = find_way(name);
    if (strcmp(name, "full") == 0)
        check(listen(listener, 0), "listen"); /* one more than this: see chapter 00 */
    stop_on_signals(listener);
    announce(listener);
    if (!way->answer)
        pause();
    while ((fd = next_peer(listener)) >= 0) {
        struct peer *p = calloc(1, sizeof *p);

        if (!p)
            fail("calloc", NULL);
        p->fd = fd;
        threads++;
        errno = pthread_create(&thread, NULL, serve, p);
        if (errno != 0)
            fail("pthread_create", NULL);
        pthread_detach(thread);
    }
    while (threads > 0)
        sleep_ms(1);
    if (way->text)
        fprintf(stderr, "answered %lu requests\n", answered);
    else
        fprintf(stderr, "echoed %llu bytes\n", echoed);
    return 0;
}
