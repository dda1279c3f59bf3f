/*
 * source.h - where the Reactor's events come from
 *
 * What reactor.c and its exhibits share, with their options and the counting. Who is told of what,
 * and when, is each program's own.
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

/* Where an event comes from: the listener, or a peer. Belongs to the thread that took it out. */
struct source {
    int fd;
    uint32_t interest;
    bool listens;
    struct connection connection;
    atomic_bool busy;      /* a worker is at it: so that it is seen when two meet */
    struct source *before; /* for the exhibits, which cannot know when to free it */
};

static const struct protocol *protocol;
static struct queue *events; /* that nobody has seen to yet: their sources */
static long workers, pause_ms;
static bool verbose;

static int over;                /* an eventfd, which becomes readable when nobody is left */
static atomic_long watched = 1; /* the listener counts, too */

/* For `fd`, which it owns from then on. NULL: there is no memory for one more, and it is closed. */
static inline struct source *
source_new(int fd)
{
    struct source *s = calloc(1, sizeof *s);

    if (!s || !connection_open(&s->connection, fd, protocol)) {
        free(s);
        close(fd);
        return NULL;
    }
    s->fd = fd;
    s->interest = EPOLLIN;
    return s;
}

static inline void
source_close(struct source *s)
{
    if (s->listens)
        close(s->fd);
    else
        connection_close(&s->connection);
}

static inline void
one_less(void)
{
    if (--watched == 0)
        check(eventfd_write(over, 1), "eventfd_write");
}

/* Either reads and processes, or writes what came of it, as was told. False: it is over. */
static inline bool
source_serve(struct source *s)
{
    if (s->interest & EPOLLOUT) {
        connection_send(&s->connection);
    } else {
        connection_receive(&s->connection);
        if (pause_ms && !s->connection.ended)
            sleep_ms(pause_ms); /* as if there were something to think about */
    }
    s->interest = connection_interest(&s->connection);
    if (s->interest & EPOLLOUT)
        s->interest = EPOLLOUT; /* the answer first */
    return s->interest;
}

/* Takes the options, and returns the listener. */
static inline struct source *
set_up(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *how_many = "4", *ms = "0", *tell = NULL;
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'w', "WORKERS", "how many threads work (4)", &how_many},
        {'s', "MS", "how long a worker thinks about what it has read (0)", &ms},
        {'v', NULL, "tell at the end what there was to do", &tell},
        {0}};
    struct source *listening = calloc(1, sizeof *listening);
    struct server_args args = parse_server_args_and(argc, argv, own);

    protocol = find_protocol(name);
    http_files_root(directory);
    workers = parse_number(how_many, 1, MOST_WORKERS, "WORKERS");
    pause_ms = parse_number(ms, 0, 10000, "MS");
    verbose = tell != NULL;
    events = queue_open(ROOM);
    over = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    if (!listening)
        fail("calloc", "the listener");
    listening->fd = tcp_listen(args.address, args.port);
    listening->interest = EPOLLIN;
    listening->listens = true;
    set_nonblocking(listening->fd);
    stop_on_signals(listening->fd);
    return listening;
}

static inline void
start_workers(pthread_t threads[MOST_WORKERS], void *(*run)(void *))
{
    for (long i = 0; i < workers; i++) {
        errno = pthread_create(&threads[i], NULL, run, NULL);
        if (errno)
            fail("pthread_create", NULL);
        pthread_setname_np(threads[i], "worker"); /* in traces, gdb and top -H */
    }
}

/* They see to what is in the queue, and end. */
static inline void
end_workers(const pthread_t threads[MOST_WORKERS])
{
    queue_close(events);
    for (long i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    queue_free(events);
}

/* ---- the counting ---- */

static struct {
    atomic_long events, met, at_work, most_at_work, most_waiting;
} count;

/* A new record, perhaps: `now` is more than ever before. */
static inline void
record(atomic_long *most, long now)
{
    long before = *most;

    while (now > before && !atomic_compare_exchange_weak(most, &before, now))
        ;
}

/* One more event is in the queue, which is so long now. */
static inline void
count_event(size_t queue_length)
{
    count.events++;
    record(&count.most_waiting, (long)queue_length);
}

static inline void
tell_counts(void)
{
    if (verbose)
        fprintf(stderr, "%ld events, %ld met; at most %ld at work, %ld waiting\n", count.events,
                count.met, count.most_at_work, count.most_waiting);
}
