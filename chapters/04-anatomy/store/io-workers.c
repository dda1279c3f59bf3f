#include "clock.h"
#include "error.h"
#include "io-unit.h"
#include "net.h"
#include "peers.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A request is a peer: its conversation holds the line, and takes the answer. */
static struct queue *requests; /* from the I/O unit to the workers */
static struct queue *answered; /* and back; a worker may sleep until there is room */
static int alarm_fd;           /* an eventfd(2), readable when there is something in `answered` */

/* ---- the workers' side ---- */

static void *
work(void *unused)
{
    struct peer *peer;

    while ((peer = queue_take(requests))) { /* sleeps until there is one */
        answer_request(&peer->talk);
        queue_put(answered, peer);
        check(eventfd_write(alarm_fd, 1), "eventfd_write");
    }
    return unused;
}

static pthread_t *
start_workers(size_t workers)
{
    pthread_t *threads = calloc(workers, sizeof *threads);

    if (!threads)
        fail("calloc", "threads");
    for (size_t i = 0; i < workers; i++) {
        errno = pthread_create(&threads[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
        pthread_setname_np(threads[i], "worker"); /* for gdb, top and traces; it may fail */
    }
    return threads;
}

/* They finish what they are at; what is still in the queue comes too late. */
static void
stop_workers(pthread_t *threads, size_t workers)
{
    while (queue_try_take(requests))
        ;
    queue_close(requests);
    queue_close(answered); /* nobody takes from it any more: no worker may sleep in a put */
    for (size_t i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

/* ---- the I/O unit's side ---- */

static void
take_back(void)
{
    struct peer *peer;
    eventfd_t news;

    eventfd_read(alarm_fd, &news); /* nonblocking: there may be none */
    while ((peer = queue_try_take(answered)))
        peer->lent = false;
}

/*
 * Puts every request that is there into the queue, at most one of each peer: so its answers keep
 * their order. False: the queue is full, and *next is the first peer that found no room; it will be
 * the first to be asked, or else those before it in the list would always come first.
 */
static bool
hand_out(const struct peers *all, size_t *next)
{
    for (size_t n = 0; n < all->count; n++) {
        size_t i = (*next + n) % all->count;
        struct peer *peer = all->list[i];

        if (peer->lent || !request_is_there(&peer->talk))
            continue;
        peer->lent = true; /* before it is put in: from then on it is the worker's */
        if (queue_try_put(requests, peer) == QUEUE_FULL) {
            peer->lent = false;
            *next = i;
            return false;
        }
    }
    return true;
}

/* Tells when back-pressure sets in, and when it is over. */
static void
tell(bool room)
{
    static int64_t since;

    if (room) {
        fprintf(stderr, "room again, after %.0f ms: receiving\n",
                (double)(now_ns() - since) / NS_PER_MS);
    } else {
        since = now_ns();
        fprintf(stderr, "the queue is full: nothing more is received\n");
    }
}

void
serve_with_workers(int listener, size_t workers, size_t room, bool verbose)
{
    struct peers all = peers_begin(listener); /* first: the workers are not to get the signals */
    bool had_room = true, has_room = true;
    pthread_t *threads;
    size_t next = 0;

    requests = queue_open(room);
    answered = queue_open(room + workers);
    alarm_fd = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    threads = start_workers(workers);
    announce(listener);
    while (peers_turn(&all, alarm_fd, has_room)) {
        take_back();
        has_room = hand_out(&all, &next);
        if (verbose && has_room != had_room)
            tell(has_room);
        had_room = has_room;
    }
    stop_workers(threads, workers);
    peers_end(&all);
    queue_free(requests);
    queue_free(answered);
    close(alarm_fd);
}
