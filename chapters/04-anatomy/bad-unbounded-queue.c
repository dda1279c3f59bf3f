/*
 * bad-unbounded-queue.c - producers that are faster than the workers, and nobody tells them
 *
 * Shows:  a queue that always has room hides that the workers cannot keep up, until the memory is
 *         gone; and long before, what is in it has waited longer than anybody cares.
 * Run:    build/04-anatomy/bad-unbounded-queue
 * Watch:  the producers never wait (.); the queue grows for as long as they produce.
 * Twin:   bounded-queue.c
 * Book:   04-anatomy, "What goes wrong"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 2, WORKERS = 3, REQUESTS = 100 };
enum { PRODUCE_MS = 4, WORK_MS = 30, LOOK_MS = 100 };

struct request {
    struct request *next;
    int64_t put; /* when, see clock.h */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all down to `longest_wait` */
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static struct request *first, **last = &first;
static long length, longest, most; /* `most`: how many may be in it */
static int64_t longest_wait;
static atomic_int left = REQUESTS, done; /* to be made; worked on */
static _Atomic char producers[] = {' ', ' '}, workers[] = {' ', ' ', ' '}; /* # works, . waits */

static void
put(struct request *request, _Atomic char *me)
{
    pthread_mutex_lock(&lock);
    *me = '.';
    *me = '#';
    *request = (struct request){.put = now_ns()};
    *last = request;
    last = &request->next;
    if (++length > longest)
        longest = length;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
}

/* NULL: all is done. */
static struct request *
take(_Atomic char *me)
{
    struct request *request;

    pthread_mutex_lock(&lock);
    *me = '.';
    while (length == 0 && done < REQUESTS)
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
    while (left-- > 0) {
        struct request *request = malloc(sizeof *request);

        if (!request)
            fail("malloc", NULL);
        sleep_ms(PRODUCE_MS); /* it is on its way */
        put(request, me);
    }
    *(_Atomic char *)me = ' ';
    return NULL;
}

static void *
work(void *me)
{
    for (struct request *request; (request = take(me)); done++) {
        sleep_ms(WORK_MS); /* as if there were something to do */
        free(request);
    }
    return NULL;
}

static void
start(pthread_t *threads, int count, void *(*run)(void *), const char *name, _Atomic char *states)
{
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&threads[i], NULL, run, &states[i]);
        if (errno)
            fail("pthread_create", NULL);
        pthread_setname_np(threads[i], name); /* for a trace; it may fail */
    }
}

static void
draw(int64_t ms)
{
    static const char bar[] = "##############################";

    pthread_mutex_lock(&lock);
    printf("%5d ms  producers %c%c  queue %3ld %-30.*s  workers %c%c%c\n", (int)ms, producers[0],
           producers[1], length, (int)length, bar, workers[0], workers[1], workers[2]);
    pthread_mutex_unlock(&lock);
}

int
main(int argc, char **argv)
{
    const char *room = "20";
    const struct own_option own[] = {
        {'q', "ROOM", "requests that the queue has room for (20)", &room}, {0}};
    pthread_t threads[PRODUCERS + WORKERS];

    parse_args(argc, argv, own, "");
    most = parse_number(room, 1, 1000, "ROOM");
    setlinebuf(stdout);
    start(threads, PRODUCERS, produce, "producer", producers);
    start(threads + PRODUCERS, WORKERS, work, "worker", workers);
    for (int64_t began = now_ns(); done < REQUESTS; sleep_ms(LOOK_MS))
        draw((now_ns() - began) / NS_PER_MS);
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&not_empty); /* every worker has to hear that all is done */
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < PRODUCERS + WORKERS; i++)
        pthread_join(threads[i], NULL);
    printf("%d requests, room for %ld: at most %ld in the queue, longest wait %d ms\n", REQUESTS,
           most, longest, (int)(longest_wait / NS_PER_MS));
    return longest > most;
}
