/*
 * wait-any.c - wait_any() of wait-any.h
 *
 * Run:    make, then build/wait-any several (gdb --args build/wait-any several)
 * Test:   make test
 * Book:   02-io-models, "Waiting for any of many"
 */
#include "wait-any.h"

#include <errno.h>

int
wait_any(const int *fds, size_t n, int ms)
{
    /* TODO: over poll(), or over epoll; see wait-any.h. */
    (void)fds;
    (void)n;
    (void)ms;
    errno = ENOSYS;
    return -1;
}
