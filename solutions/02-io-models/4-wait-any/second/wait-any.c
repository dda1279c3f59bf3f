/*
 * wait-any.c - wait_any() of wait-any.h, over epoll
 *
 * Run:    make, then build/wait-any several (gdb --args build/wait-any several)
 * Test:   make test
 * Book:   02-io-models, "Waiting for any of many"
 */
#include "wait-any.h"

#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* 0, or -1 with errno. A number that `epoll` itself has got was not open when we were called. */
static int
add_all(int epoll, const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.u64 = i};

        if (fds[i] == epoll) {
            errno = EBADF;
            return -1;
        }
        if (fds[i] >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &interest) == -1)
            return -1;
    }
    return 0;
}

/* As epoll_wait(), but a signal changes nothing. */
static int
wait_until(int epoll, struct epoll_event *events, int most, int ms)
{
    int64_t deadline = now_ns() + ms * NS_PER_MS;
    int ready;

    do {
        int64_t rest = deadline - now_ns();
        int rest_ms = rest > 0 ? (int)((rest + NS_PER_MS - 1) / NS_PER_MS) : 0;

        ready = epoll_wait(epoll, events, most, ms < 0 ? -1 : rest_ms);
    } while (ready == -1 && errno == EINTR);
    return ready;
}

/* The kernel tells of them in the order in which they became ready: we look for the lowest. */
static int
first_of(const struct epoll_event *events, int ready)
{
    int first = (int)events[0].data.u64;

    for (int i = 1; i < ready; i++)
        if ((int)events[i].data.u64 < first)
            first = (int)events[i].data.u64;
    return first;
}

int
wait_any(const int *fds, size_t n, int ms)
{
    struct epoll_event *events = calloc(n + 1, sizeof *events);
    int epoll, first = -1, error;

    if (!events)
        return -1;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll != -1 && add_all(epoll, fds, n) == 0) {
        int ready = wait_until(epoll, events, (int)n + 1, ms);

        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready > 0)
            first = first_of(events, ready);
    }
    error = errno;
    if (epoll != -1)
        close(epoll);
    free(events);
    errno = error;
    return first;
}
