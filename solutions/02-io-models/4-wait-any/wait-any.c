/*
 * wait-any.c - wait_any() of wait-any.h, over poll()
 *
 * Run:    make, then build/wait-any several (gdb --args build/wait-any several)
 * Test:   make test
 * Book:   02-io-models, "Waiting for any of many"
 */
#include "wait-any.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

/* Milliseconds until `deadline`, rounded up, so that nobody wakes too early. */
static int
rest_of(int64_t deadline)
{
    int64_t rest = deadline - now_ns();

    return rest > 0 ? (int)((rest + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* As poll(), but a signal changes nothing. */
static int
poll_until(struct pollfd *list, size_t n, int ms)
{
    int64_t deadline = now_ns() + ms * NS_PER_MS;
    int ready;

    do
        ready = poll(list, n, ms < 0 ? -1 : rest_of(deadline));
    while (ready == -1 && errno == EINTR);
    return ready;
}

/* The index of the first that is ready, -1 with EBADF if one is not open. */
static int
first_of(const struct pollfd *list, size_t n)
{
    int first = -1;

    for (size_t i = n; i-- > 0;) {
        if (list[i].revents & POLLNVAL) {
            errno = EBADF;
            return -1;
        }
        if (list[i].revents)
            first = (int)i;
    }
    return first;
}

int
wait_any(const int *fds, size_t n, int ms)
{
    struct pollfd *list = calloc(n + 1, sizeof *list);
    int first = -1, ready;

    if (!list)
        return -1;
    for (size_t i = 0; i < n; i++)
        list[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    ready = poll_until(list, n, ms);
    if (ready == 0)
        errno = ETIMEDOUT;
    if (ready > 0)
        first = first_of(list, n);
    free(list); /* leaves errno as it is: free(3) */
    return first;
}
