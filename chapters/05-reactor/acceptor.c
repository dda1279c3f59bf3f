/*
 * acceptor.c - one thread accepts, and deals the peers out to the loops of others
 *
 * Shows:  the deal is the program's own: here one after the other, so it is even. It costs a queue
 *         and a wake-up for each peer; after that a peer stays with its thread, and nothing is
 *         shared any more.
 * Run:    build/05-reactor/acceptor -p 8000 -w 4
 * Watch:  -v, and kill it, beside loop-per-thread: who got how many?
 * Book:   05-reactor, "More than one loop"
 */
#include "args.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "peer.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>

enum { MOST_WORKERS = 64, ROOM = 1024 };

static const struct protocol *protocol;
static long workers;
static struct peer no_more; /* the last that is dealt out to each */
static struct worker {
    pthread_t thread;
    struct loop *loop;
    struct queue *newcomers;
    struct handler alarm; /* an eventfd(2), readable when there is something in the queue */
    long accepted;
} worker[MOST_WORKERS];

/* ---- the loops' side ---- */

static void
take_over(void *owner, uint32_t events)
{
    struct worker *w = owner;
    struct peer *p;
    eventfd_t news;

    (void)events;
    eventfd_read(w->alarm.fd, &news);
    while ((p = queue_try_take(w->newcomers))) {
        if (p == &no_more) {
            loop_remove(&w->alarm);
            return;
        }
        w->accepted++;
        peer_join(w->loop, p);
    }
}

static void *
work(void *own)
{
    struct worker *w = own;

    loop_run(w->loop);
    return NULL;
}

static void
start(struct worker *w)
{
    w->loop = loop_open();
    w->newcomers = queue_open(ROOM);
    w->alarm = (struct handler){.interest = EPOLLIN, .ready = take_over, .owner = w};
    w->alarm.fd = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    if (!loop_add(w->loop, &w->alarm))
        fail("epoll_ctl", NULL);
    errno = pthread_create(&w->thread, NULL, work, w);
    if (errno)
        fail("pthread_create", NULL);
}

/* ---- the acceptor's side: it has nothing else to do, so its listener may block ---- */

static void
hand_over(struct worker *w, struct peer *p)
{
    queue_put(w->newcomers, p); /* where there is no room, all who come have to wait */
    check(eventfd_write(w->alarm.fd, 1), "eventfd_write");
}

static void
accept_all(int listener)
{
    struct peer *p;
    long next = 0;
    int fd;

    while ((fd = next_peer(listener)) >= 0)
        if ((p = peer_new(fd, protocol)))
            hand_over(&worker[next++ % workers], p);
    for (long i = 0; i < workers; i++)
        hand_over(&worker[i], &no_more);
}

int
main(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *threads = "2", *verbose = NULL;
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &name},
                                     {'d', "DIRECTORY", "whose files http serves (.)", &directory},
                                     {'w', "THREADS", "so many loops (2)", &threads},
                                     {'v', NULL, "tell at the end who got how many", &verbose},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener;

    protocol = find_protocol(name);
    http_files_root(directory);
    workers = parse_number(threads, 1, MOST_WORKERS, "THREADS");
    listener = tcp_listen(args.address, args.port);
    for (long i = 0; i < workers; i++)
        start(&worker[i]);
    stop_on_signals(listener);
    announce(listener);
    accept_all(listener);
    close(listener);
    for (long i = 0; i < workers; i++) {
        pthread_join(worker[i].thread, NULL);
        loop_close(worker[i].loop);
        queue_free(worker[i].newcomers);
        close(worker[i].alarm.fd);
        if (verbose)
            fprintf(stderr, "loop %ld: %ld peers\n", i, worker[i].accepted);
    }
    return 0;
}
