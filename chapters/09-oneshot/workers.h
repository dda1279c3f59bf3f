/*
 * workers.h - threads that wait on one epoll instance together
 *
 * What the programs of this chapter share: how workers are started, and how all of them are told
 * that it is over.
 */
#pragma once

#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { MOST_WORKERS = 64 };

static inline void
start_workers(pthread_t *workers, int count, void *(*work)(void *))
{
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&workers[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
        pthread_setname_np(workers[i], "worker"); /* for a trace; it may fail */
    }
}

static inline void
join_workers(pthread_t *workers, int count)
{
    for (int i = 0; i < count; i++)
        pthread_join(workers[i], NULL);
}

/*
 * A descriptor of which epoll_wait() tells, with data.ptr NULL, as soon as something has been
 * written to it, and from then on it tells everybody, always: by the level, and nobody reads it.
 */
static inline int
watch_for_the_end(int epoll)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int over = check(eventfd(0, EFD_NONBLOCK), "eventfd");

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, over, &event), "epoll_ctl");
    return over;
}

/*
 * Sleeps until this worker is told of something. One event at a time: what else is ready is for
 * workers that have time. False: it is over.
 */
static inline bool
next_event(int epoll, struct epoll_event *event)
{
    int ready;

    do
        ready = epoll_wait(epoll, event, 1, -1);
    while (ready == -1 && errno == EINTR);
    check(ready, "epoll_wait");
    return event->data.ptr != NULL;
}
