/*
 * bad-no-disarm.c - the Reactor as it is told: the main thread watches on while a worker works
 *
 * Shows:  until the worker has read, the descriptor stays readable, and epoll_wait() says so again
 *         and again. So the queue fills with events of one and the same message, and workers meet
 *         at one peer. Here the second goes away and is counted; else both would read.
 * Run:    build/05-reactor/bad-no-disarm -p 8000 -v
 * Watch:  say a few lines in tcp-client, then kill the server: how many events were that?
 * Twin:   reactor.c
 * Book:   05-reactor, "What goes wrong"
 */
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

enum { AT_ONCE = 64, MOST_WORKERS = 64, ROOM = 1024 };

/* Who is told of an event: the listener or a peer. Belongs to whoever took it out of the queue. */
struct source {
    int fd;
    uint32_t interest;
    bool listens;
    struct connection connection;
    struct source *before;
    atomic_bool busy; /* a worker is at it: so that two who meet are seen */
};

static const struct protocol *protocol;
static long pause_ms;
static int epoll, over; /* `over`: an eventfd, for the last one to tell that nobody is left */
static struct queue *events;
static atomic_long watched, queued, met, at_work, most_at_work, most_waiting;
static _Atomic(struct source *) ended; /* in the queue there may still be events of them */

/* ---- on the list, and off it ---- */

static bool
arm(struct source *s)
{
    struct epoll_event event = {.events = s->interest, .data.ptr = s};

    return epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &event) == 0 ||
           epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &event) == 0;
}

static void
end(struct source *s)
{
    if (s->listens) {
        close(s->fd);
    } else {
        connection_close(&s->connection);
        s->before = atomic_exchange(&ended, s);
    }
    if (--watched == 0)
        check(eventfd_write(over, 1), "eventfd_write");
}

/* ---- the workers' side ---- */

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
    s->interest = EPOLLIN;
    watched++;
    if (!arm(s))
        end(s);
}

/* False: the program is to stop. */
static bool
welcome(struct source *s)
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(s->fd, &fd)) == IO_DATA)
        begin(fd);
    return result != IO_END;
}

/* Either reads and processes, or writes what came of it, as it was told. False: it is over. */
static bool
serve(struct source *s)
{
    if (s->interest & EPOLLOUT) {
        connection_send(&s->connection);
    } else {
        connection_receive(&s->connection);
        if (pause_ms)
            sleep_ms(pause_ms); /* as if there were something to think about */
    }
    s->interest = connection_interest(&s->connection);
    if (s->interest & EPOLLOUT)
        s->interest = EPOLLOUT; /* the answer first */
    return s->interest;
}

static void
record(atomic_long *most, long now)
{
    long before = *most;

    while (now > before && !atomic_compare_exchange_weak(most, &before, now))
        ;
}

static void
handle(struct source *s)
{
    bool goes_on;

    if (atomic_exchange(&s->busy, true)) {
        met++; /* somebody is at it already: leave it to him */
        return;
    }
    record(&most_at_work, ++at_work);
    goes_on = s->listens ? welcome(s) : serve(s);
    at_work--;
    if (!goes_on || !arm(s)) /* from here on it may be another worker's */
        end(s);
    else
        s->busy = false;
}

static void *
work(void *unused)
{
    struct source *s;

    while ((s = queue_take(events)))
        handle(s);
    return unused;
}

/* ---- the main thread's side ---- */

/* False: nobody is left. */
static bool
wait_and_queue(void)
{
    struct epoll_event batch[AT_ONCE];
    int ready = epoll_wait(epoll, batch, AT_ONCE, -1);

    if (ready == -1 && errno != EINTR)
        fail("epoll_wait", NULL);
    for (int i = 0; i < ready; i++) {
        struct source *s = batch[i].data.ptr;

        if (!s)
            return false;
        queue_put(events, s);
        queued++;
        record(&most_waiting, (long)queue_length(events));
    }
    return true;
}

static void
serve_all(int listener, size_t workers)
{
    static struct source listening = {.interest = EPOLLIN, .listens = true};
    struct epoll_event last = {.events = EPOLLIN, .data.ptr = NULL};
    pthread_t threads[MOST_WORKERS];

    listening.fd = listener;
    watched = 1;
    if (!arm(&listening))
        fail("epoll_ctl", NULL);
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, over, &last), "epoll_ctl");
    for (size_t i = 0; i < workers; i++) {
        errno = pthread_create(&threads[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    announce(listener);
    while (wait_and_queue())
        ;
    queue_close(events);
    for (size_t i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
}

int
main(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *workers = "4", *pause = "0", *verbose = NULL;
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'w', "WORKERS", "how many threads work (4)", &workers},
        {'s', "MS", "how long a worker thinks about what it has read (0)", &pause},
        {'v', NULL, "tell at the end what there was to do", &verbose},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    size_t threads = (size_t)parse_number(workers, 1, MOST_WORKERS, "WORKERS");
    int listener;

    protocol = find_protocol(name);
    http_files_root(directory);
    pause_ms = parse_number(pause, 0, 10000, "MS");
    listener = tcp_listen(args.address, args.port);
    set_nonblocking(listener);
    epoll = check(epoll_create1(0), "epoll_create1");
    over = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    events = queue_open(ROOM);
    stop_on_signals(listener);
    serve_all(listener, threads);
    queue_free(events);
    if (verbose)
        fprintf(stderr, "%ld events, %ld met; at most %ld at work, %ld waiting\n", queued, met,
                most_at_work, most_waiting);
    return 0;
}
