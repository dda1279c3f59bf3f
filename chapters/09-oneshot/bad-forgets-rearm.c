/*
 * bad-forgets-rearm.c - a worker returns early, and the connection is nobody's any more
 *
 * Shows:  there is one way through serve() that does not re-arm: where a head has not come to its
 *         end, there seems to be nothing to do. No event will ever tell of this peer again, not
 *         even that it has gone; it waits, and its descriptor is lost.
 * Run:    build/09-oneshot/bad-forgets-rearm -p 8000 -P http
 * Watch:  type a request in tcp-client, a line at a time. Then /proc/PID/fdinfo: "events:
 *         40000000". With a request in one piece all is well, and so it is with echo.
 * Twin:   oneshot.c
 * Book:   09-oneshot, "What goes wrong"
 */
#include "args.h"
#include "connection.h"
#include "http_files.h"
#include "net.h"
#include "workers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The listener or a peer. It belongs to one worker from the event that tells of it until it is
 * re-armed; then to nobody, or already to the next. */
struct source {
    int fd;
    bool listens;
    struct connection connection;
    atomic_bool busy; /* a worker is at it: so that two that meet are seen */
};

static const struct protocol *protocol;
static int epoll, over; /* `over`: for the last one to say that nobody is left */
static atomic_long watched, told, met;

static void
end(struct source *s)
{
    if (s->listens) {
        close(s->fd);
    } else {
        connection_close(&s->connection);
        free(s);
    }
    if (--watched == 0)
        check(eventfd_write(over, 1), "eventfd_write");
}

/* Has it watched again, for something else if need be. With no interest it is over. */
static void
arm(struct source *s, int op, uint32_t interest)
{
    struct epoll_event event = {.events = interest | EPOLLONESHOT, .data.ptr = s};

    s->busy = false; /* the next line may make it another worker's */
    if (!interest || epoll_ctl(epoll, op, s->fd, &event) == -1)
        end(s);
}

static void
begin(int fd)
{
    struct source *s = calloc(1, sizeof *s);

    if (!s || !connection_open(&s->connection, fd, protocol)) {
        free(s);
        close(fd);
        return;
    }
    s->fd = fd;
    watched++;
    arm(s, EPOLL_CTL_ADD, EPOLLIN);
}

static void
welcome(struct source *s)
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(s->fd, &fd)) == IO_DATA)
        begin(fd);
    arm(s, EPOLL_CTL_MOD, result == IO_END ? 0 : EPOLLIN);
}

static void
serve(struct source *s, uint32_t events)
{
    if (events & ~(uint32_t)EPOLLOUT)
        connection_receive(&s->connection);
    if (s->connection.wants == FEED_HEAD)
        return; /* the rest is still to come */
    connection_send(&s->connection);
    arm(s, EPOLL_CTL_MOD, connection_interest(&s->connection));
}

static void *
work(void *unused)
{
    struct epoll_event event;

    while (next_event(epoll, &event)) { /* here all of them sleep */
        struct source *s = event.data.ptr;

        told++;
        if (atomic_exchange(&s->busy, true))
            met++;
        s->listens ? welcome(s) : serve(s, event.events);
    }
    return unused;
}

int
main(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *workers = "4", *verbose = NULL;
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'w', "WORKERS", "how many threads wait and work (4)", &workers},
        {'v', NULL, "tell at the end what there was to do", &verbose},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    struct source listening = {.listens = true};
    int count = (int)parse_number(workers, 1, MOST_WORKERS, "WORKERS");
    pthread_t threads[MOST_WORKERS];

    protocol = find_protocol(name);
    http_files_root(directory);
    listening.fd = tcp_listen(args.address, args.port);
    set_nonblocking(listening.fd);
    epoll = check(epoll_create1(0), "epoll_create1");
    over = watch_for_the_end(epoll);
    stop_on_signals(listening.fd);
    watched = 1;
    arm(&listening, EPOLL_CTL_ADD, EPOLLIN);
    start_workers(threads, count, work);
    announce(listening.fd);
    join_workers(threads, count);
    if (verbose)
        fprintf(stderr, "%ld told, %ld met\n", told, met);
    return 0;
}
