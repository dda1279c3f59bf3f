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

static int
arm(struct peer *p, int op)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET | EPOLLONESHOT, .data.ptr = p};

    return epoll_ctl(p->epoll, op, p->fd, &event);
}

/* From now on the workers that wait on `epoll` are told of it: one of them of each event. */
struct peer *
begin(int epoll, int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->epoll = epoll;
    p->fd = fd;
    if (arm(p, EPOLL_CTL_ADD) == 0)
        return p;
    free(p);
    return NULL;
}

/* A worker has been told of it, and no other is until it is armed again. */
void
serve(struct peer *p)
{
    char byte;
    ssize_t n;

    while ((n = read(p->fd, &byte, 1)) == 1 || (n == -1 && errno == EINTR)) {
        if (n == 1 && byte == '\n') {
            heard(++p->lines, p->line, p->len);
            p->len = 0;
        } else if (n == 1 && p->len < LINE_MOST) {
            p->line[p->len++] = byte;
        }
    }
    if (n == -1 && errno == EAGAIN && arm(p, EPOLL_CTL_MOD) == 0)
        return;
    close(p->fd);
    free(p);
}
