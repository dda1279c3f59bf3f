/*
 * arm-again.c - numbers the lines of a peer that several workers serve, one at a time
 *
 * Run:    make, then build/arm-again quicker (gdb --args build/arm-again quicker)
 * Test:   make test
 * Book:   09-oneshot, "Arming again"
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct peer;
struct peer *begin(int epoll, int fd);
void serve(struct peer *p);
void heard(int number, const char *line, size_t len); /* given: see README.md */

enum { LINE_MOST = 80 };

struct peer {
    int epoll, fd;
    int lines;            /* how many have been heard */
    size_t len;           /* of the line that has begun, and has no end yet */
    char line[LINE_MOST]; /* what is beyond that is left out */
};

/* From now on the workers that wait on `epoll` are told of it: one of them of each event. */
struct peer *
begin(int epoll, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = p};

    if (!p)
        return NULL;
    p->epoll = epoll;
    p->fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return p;
    free(p);
    return NULL;
}

/* A worker has been told of it, and no other is until it is armed again. */
void
serve(struct peer *p)
{
    char bytes[64];
    ssize_t n = read(p->fd, bytes, sizeof bytes);
    int number = p->lines;

    /* TODO: nobody is told of this peer any more. Who gives it back, when, and on which paths? */
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return; /* another one was faster, or a signal was */
    if (n <= 0) {
        close(p->fd);
        free(p);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            heard(++number, p->line, p->len);
            p->len = 0;
        } else if (p->len < LINE_MOST) {
            p->line[p->len++] = bytes[i];
        }
    }
    if (number == p->lines)
        return; /* only a part of a line */
    p->lines = number;
}
