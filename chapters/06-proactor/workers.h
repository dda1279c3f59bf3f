/*
 * workers.h - what the two Proactors share: options, coming and going, thinking, counting
 *
 * Who reads, who writes, and who is told of it is each program's own affair.
 */
#pragma once

#include "args.h"
#include "clock.h"
#include "connection.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST_WORKERS = 64, ROOM = 1024 };

static const struct protocol *protocol;
static struct queue *requests; /* what there is to think about */
static long workers, pause_ms;
static bool verbose;

/* For what is told at the end. */
static struct {
    atomic_long reads, writes, requests, at_work, most_at_work;
} count;

/* ---- coming and going ---- */

static int over;             /* an eventfd, which becomes readable when nobody is left */
static atomic_long left = 1; /* the listener counts, too */

static inline void
one_less(void)
{
    if (--left == 0)
        check(eventfd_write(over, 1), "eventfd_write");
}

/* `size` bytes that begin with a struct connection for `fd`; NULL: there is no memory for them. */
static inline void *
connection_new(int fd, size_t size)
{
    struct connection *c = calloc(1, size);

    if (!c || !connection_open(c, fd, protocol)) {
        free(c);
        close(fd);
        return NULL;
    }
    left++;
    return c;
}

static inline void
connection_end(struct connection *c)
{
    connection_close(c);
    free(c);
    one_less();
}

/* Accepts all who are waiting. False: the program is to stop, and `listener` is closed. */
static inline bool
welcome(int listener, void (*begin)(int))
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(listener, &fd)) == IO_DATA)
        begin(fd);
    if (result != IO_END)
        return true;
    close(listener);
    one_less();
    return false;
}

/* ---- thinking ---- */

static inline void
count_worker(long working)
{
    long before = count.most_at_work;

    while (working > before && !atomic_compare_exchange_weak(&count.most_at_work, &before, working))
        ;
}

/* Makes answers out of what was read: from buffer to buffer, and no descriptor is touched. */
static inline void
think(struct connection *c)
{
    count.requests++;
    count_worker(++count.at_work);
    if (pause_ms)
        sleep_ms(pause_ms); /* as if there were more to think about */
    c->wants = protocol->feed(c->state, &c->in, &c->out);
    count.at_work--;
}

/* What has come of a read, or a write, that somebody else has done. */
static inline void
complete(struct connection *c, bool has_read, ssize_t n)
{
    has_read ? count.reads++ : count.writes++;
    if (n == -1)
        c->broken = true;
    else if (!has_read)
        buffer_consume(&c->out, (size_t)n);
    else if (n == 0)
        c->ended = true;
    else
        buffer_added(&c->in, (size_t)n);
}

/* Is there something to think about, now that we have read, or (after FEED_ROOM) written? */
static inline bool
worth_a_thought(const struct connection *c, bool has_read)
{
    return !c->broken && (c->wants == FEED_ROOM || (has_read && c->wants < FEED_FLUSH));
}

/* What there is to do next: EPOLLOUT, or EPOLLIN, or 0 when it is over. The answer first. */
static inline uint32_t
next_step(struct connection *c)
{
    uint32_t interest = connection_interest(c);

    return interest & EPOLLOUT ? EPOLLOUT : interest;
}

/* ---- the frame ---- */

/* Takes the options, with `more` of the program's own (ended by {0}), and returns the listener. */
static inline int
set_up(int argc, char **argv, const struct own_option *more)
{
    const char *name = "echo", *directory = ".", *how_many = "4", *ms = "0", *tell = NULL;
    struct own_option own[8] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'w', "WORKERS", "how many threads think (4)", &how_many},
        {'s', "MS", "how long a worker thinks about what was read (0)", &ms},
        {'v', NULL, "tell at the end what there was to do", &tell}};
    struct server_args args;
    int listener;

    for (int i = 5; more && more->letter; i++)
        own[i] = *more++;
    args = parse_server_args_and(argc, argv, own);
    protocol = find_protocol(name);
    http_files_root(directory);
    workers = parse_number(how_many, 1, MOST_WORKERS, "WORKERS");
    pause_ms = parse_number(ms, 0, 10000, "MS");
    verbose = tell != NULL;
    requests = queue_open(ROOM);
    over = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    listener = tcp_listen(args.address, args.port);
    set_nonblocking(listener);
    stop_on_signals(listener);
    return listener;
}

static inline void
start_workers(pthread_t threads[MOST_WORKERS], void *(*work)(void *))
{
    for (long i = 0; i < workers; i++) {
        errno = pthread_create(&threads[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
}

/* They think about what is still in the queue, and end. */
static inline void
end_workers(const pthread_t threads[MOST_WORKERS])
{
    queue_close(requests);
    for (long i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    queue_free(requests);
}

static inline void
tell_counts(void)
{
    if (verbose)
        fprintf(stderr, "%ld reads, %ld writes, %ld requests; at most %ld thought about at once\n",
                count.reads, count.writes, count.requests, count.most_at_work);
}
