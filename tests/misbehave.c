/*
 * misbehave.c - an echo server that does one thing wrong
 *
 * Shows:  what a client has to be prepared for. A load generator is only as good as its word
 *         about servers like these.
 * Run:    build/tests/misbehave -p 8000 -w stale
 * Watch:  build/10-webbench/load -w 1 127.0.0.1 8000
 *
 * What one read() returns is taken for a message; for short messages on loopback it is one.
 * At the end, how many bytes were echoed as they came is written to stderr.
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One connection, which has a thread of its own. */
struct peer {
    int fd;
    ssize_t len; /* of the message that has just come */
    char message[1 << 16];
    unsigned long messages;
};

static _Atomic unsigned long long echoed;

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

static const struct way {
    const char *name, *meaning;
    enum io_result (*answer)(struct peer *);
    enum io_result (*greeting)(struct peer *); /* before anything was read; NULL: nothing happens */
} ways[] = {
    {"none", "answers as it should", echo, NULL},
    {"silent", "reads, and never answers", say_nothing, NULL},
    {"resets", "resets the connection instead of an answer", reset, NULL},
    {"closes", "closes it instead of an answer", close_now, NULL},
    {"half", "closes it after half an answer", close_after_half, NULL},
    {"once", "answers one message and closes", close_after_answer, NULL},
    {"hangs-up", "closes it before anything was sent", close_now, close_now},
    {"wrong", "changes one bit of the answer", change_one_bit, NULL},
    {"twice", "answers everything twice", answer_twice, NULL},
    {"stale", "answers with the first message of the connection", answer_stale, NULL},
    {"crossed", "answers with the last message of any connection", answer_crossed, NULL},
    {"loses", "does not answer the 100th message", lose_one, NULL},
    {"drips", "answers a byte every 50 ms", drip, NULL},
    {"pours", "answers without end", pour, NULL},
    {"greets", "speaks before it was asked", pour, pour},
    {"deaf", "listens, and never accepts", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct way *way;
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
        fprintf(stderr, "  %-10s%s\n", w->name, w->meaning);
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
    fprintf(stderr, "echoed %llu bytes\n", echoed);
    return 0;
}
