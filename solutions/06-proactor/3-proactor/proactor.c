/*
 * proactor.c - the Proactor of proactor.h
 *
 * Run:    make, then build/proactor read (gdb --args build/proactor read)
 * Test:   make test
 * Book:   06-proactor, "A Proactor with your own hands"
 */
#include "proactor.h"

#include "error.h"
#include "io.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { AT_ONCE = 64, ROOM = 1024 };

/* While an operation is on epoll's list it is the running thread's, then a worker's. */
struct proactor {
    int epoll, stop;    /* stop: an eventfd */
    struct queue *done; /* operations; `moved` is the result */
    int count;
    pthread_t workers[];
};

/* ---- the workers ---- */

static void *
work(void *proactor)
{
    struct proactor *p = proactor;
    struct operation *o;

    while ((o = queue_take(p->done)))
        o->done(o, (ssize_t)o->moved);
    return NULL;
}

/* ---- the thread that reads and writes ---- */

/* Off the list first: as soon as a worker has it, it may be asked for anew, or gone. */
static void
tell(struct proactor *p, struct operation *o, ssize_t result)
{
    check(epoll_ctl(p->epoll, EPOLL_CTL_DEL, o->fd, NULL), "epoll_ctl");
    o->moved = (size_t)result;
    queue_put(p->done, o);
}

/* One call, which does not wait. */
static void
go_on(struct proactor *p, struct operation *o)
{
    bool reads = o->kind == EPOLLIN;
    ssize_t n =
        reads ? read(o->fd, o->buf, o->len) : write(o->fd, o->buf + o->moved, o->len - o->moved);
    enum io_result result = io_result(n);

    if (result == IO_NOT_YET || result == IO_INTERRUPTED)
        return;
    if (result == IO_FAILED) {
        tell(p, o, -errno);
    } else if (reads) {
        tell(p, o, n);
    } else {
        o->moved += (size_t)n;
        if (o->moved == o->len)
            tell(p, o, (ssize_t)o->len);
    }
}

/* False: it is to stop. */
static bool
wait_and_go_on(struct proactor *p)
{
    struct epoll_event batch[AT_ONCE];
    int ready = epoll_wait(p->epoll, batch, AT_ONCE, -1);

    if (ready == -1 && errno != EINTR)
        fail("epoll_wait", NULL);
    for (int i = 0; i < ready; i++) {
        if (!batch[i].data.ptr)
            return false;
        go_on(p, batch[i].data.ptr);
    }
    return true;
}

void
proactor_run(struct proactor *p)
{
    for (int i = 0; i < p->count; i++) {
        errno = pthread_create(&p->workers[i], NULL, work, p);
        if (errno)
            fail("pthread_create", NULL);
    }
    while (wait_and_go_on(p))
        ;
    queue_close(p->done);
    for (int i = 0; i < p->count; i++)
        pthread_join(p->workers[i], NULL);
}

/* ---- what all may call ---- */

static void
watch(struct proactor *p, int fd, uint32_t events, struct operation *o)
{
    struct epoll_event event = {.events = events, .data.ptr = o};

    check(epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void
begin(struct proactor *p, struct operation *o, int fd, char *buf, size_t len, uint32_t kind)
{
    o->fd = fd;
    o->buf = buf;
    o->len = len;
    o->moved = 0;
    o->kind = kind;
    watch(p, fd, kind, o); /* from here on it is not ours any more */
}

void
proactor_read(struct proactor *p, struct operation *o, int fd, char *buf, size_t len)
{
    begin(p, o, fd, buf, len, EPOLLIN);
}

void
proactor_write(struct proactor *p, struct operation *o, int fd, const char *buf, size_t len)
{
    begin(p, o, fd, (char *)buf, len, EPOLLOUT);
}

struct proactor *
proactor_open(int workers)
{
    struct proactor *p = calloc(1, sizeof *p + (size_t)workers * sizeof *p->workers);

    if (!p)
        fail("calloc", NULL);
    p->count = workers;
    p->done = queue_open(ROOM);
    p->epoll = check(epoll_create1(0), "epoll_create1");
    p->stop = check(eventfd(0, 0), "eventfd");
    watch(p, p->stop, EPOLLIN, NULL);
    return p;
}

void
proactor_stop(struct proactor *p)
{
    check(eventfd_write(p->stop, 1), "eventfd_write");
}

void
proactor_free(struct proactor *p)
{
    close(p->epoll);
    close(p->stop);
    queue_free(p->done);
    free(p);
}
