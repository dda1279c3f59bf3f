/*
 * bounded-queue.c - producers that are faster than the workers, and a queue between them
 *
 * Shows:  when the queue is full, putting something in means to wait: the producers become as
 *         slow as the workers are. That is back-pressure. Memory and waiting time stay bounded.
 * Run:    build/04-anatomy/bounded-queue
 * Watch:  the queue, every 100 ms; and who works (#) and who waits (.).
 * Breaks: bad-unbounded-queue.c
 * Book:   04-anatomy, "When the queue is full"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 2, WORKERS = 3, REQUESTS = 100, BAR = 30 };
enum { PRODUCE_MS = 4, WORK_MS = 30, LOOK_MS = 100 };

struct request {
    struct request *next;
    int64_t put; /* when, see clock.h */
    char bytes[1000];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards everything down to `closed` */
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static struct request *first, **last = &first;
static long length, longest, most; /* `most` may be in it */
static int64_t longest_wait;
static bool closed;
static atomic_int left = REQUESTS, done; /* still to be made; worked on */
static _Atomic char producers[PRODUCERS + 1], workers[WORKERS + 1]; /* '#' works, '.' waits */

static void
put(struct request *request, _Atomic char *me)
{
    pthread_mutex_lock(&lock);
    *me = '.';
    while (length == most)
        pthread_cond_wait(&not_full, &lock);
    *me = '#';
    *request = (struct request){.put = now_ns()};
    *last = request;
    last = &request->next;
    if (++length > longest)
        longest = length;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
}

/* NULL: closed, and empty. */
static struct request *
take(_Atomic char *me)
{
    struct request *request;

    pthread_mutex_lock(&lock);
    *me = '.';
    while (length == 0 && !closed)
        pthread_cond_wait(&not_empty, &lock);
    request = first;
    if (request) {
        *me = '#';
        first = request->next;
        if (--length == 0)
            last = &first;
        if (now_ns() - request->put > longest_wait)
            longest_wait = now_ns() - request->put;
        pthread_cond_signal(&not_full);
    }
    pthread_mutex_unlock(&lock);
    return request;
}

static void *
produce(void *me)
{
    struct request *request;

    while (left-- > 0) {
        sleep_ms(PRODUCE_MS); /* a request is on its way */
        request = malloc(sizeof *request);
        if (!request)
            fail("malloc", NULL);
        put(request, me);
    }
    *(_Atomic char *)me = ' ';
    return NULL;
}

static void *
work(void *me)
{
    struct request *request;

    while ((request = take(me))) {
        sleep_ms(WORK_MS); /* as if there was something to do */
        free(request);
        done++;
    }
    *(_Atomic char *)me = ' ';
    return NULL;
}

static void
start(pthread_t *threads, int count, void *(*function)(void *), _Atomic char *states)
{
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&threads[i], NULL, function, &states[i]);
        if (errno)
            fail("pthread_create", NULL);
    }
}

static void
draw(int64_t ms)
{
    static const char bar[] = "##############################";
    char doing[PRODUCERS + WORKERS];
    long now;

    pthread_mutex_lock(&lock);
    now = length;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < PRODUCERS + WORKERS; i++)
        if ((doing[i] = i < PRODUCERS ? producers[i] : workers[i - PRODUCERS]) == 0)
            doing[i] = ' '; /* it has not begun */
    printf("%5d ms  producers %.*s  queue %3ld %-30.*s  workers %.*s\n", (int)ms, PRODUCERS, doing,
           now, now < BAR ? (int)now : BAR, bar, WORKERS, doing + PRODUCERS);
}

int
main(int argc, char **argv)
{
    const char *room = "20";
    const struct own_option own[] = {
        {'q', "ROOM", "requests that the queue has room for (20)", &room}, {0}};
    pthread_t producing[PRODUCERS], working[WORKERS];
    int64_t began = now_ns();

    parse_args(argc, argv, own, "");
    most = parse_number(room, 1, 1000, "ROOM");
    setlinebuf(stdout);
    start(producing, PRODUCERS, produce, producers);
    start(working, WORKERS, work, workers);
    for (; done < REQUESTS; sleep_ms(LOOK_MS))
        draw((now_ns() - began) / NS_PER_MS);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producing[i], NULL);
    pthread_mutex_lock(&lock);
    closed = true;
    pthread_cond_broadcast(&not_empty); /* every worker has to hear it */
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(working[i], NULL);
    printf("%d requests; at most %ld in the queue of %ld, %zu KiB; longest wait %d ms\n", REQUESTS,
           longest, most, (size_t)longest * sizeof(struct request) / 1024,
           (int)(longest_wait / NS_PER_MS));
    return longest > most;
}
