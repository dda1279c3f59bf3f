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

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

/* While its descriptor is armed an operation is the running thread's, then a worker's. */
struct proactor {
    int epoll, stop;      /* stop: an eventfd */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct operation *first, **last; /* what is done; `moved` is its result */
    bool stopped;
    int count;
    pthread_t workers[];
};

/* Tells once, when `fd` is ready for that. */
static void
arm(struct proactor *p, int fd, uint32_t events, struct operation *o)
{
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = o};

    if (epoll_ctl(p->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
        return;
    if (errno != ENOENT)
        fail("epoll_ctl", NULL);
    check(epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* ---- the workers ---- */

/* Sleeps until something is done. NULL: it is over. */
static struct operation *
take(struct proactor *p)
{
    struct operation *o = NULL;

    pthread_mutex_lock(&p->lock);
    while (!p->stopped && !p->first)
        pthread_cond_wait(&p->changed, &p->lock);
    if (!p->stopped) {
        o = p->first;
        p->first = o->next;
        if (!p->first)
            p->last = &p->first;
    }
    pthread_mutex_unlock(&p->lock);
    return o;
}

static void *
work(void *proactor)
{
    struct operation *o;

    while ((o = take(proactor)))
        o->done(o, (ssize_t)o->moved);
    return NULL;
}

/* ---- the thread that reads and writes ---- */

/* The descriptor is not armed: EPOLLONESHOT has seen to that. */
static void
tell(struct proactor *p, struct operation *o, ssize_t result)
{
    o->moved = (size_t)result;
    o->next = NULL;
    pthread_mutex_lock(&p->lock);
    *p->last = o;
    p->last = &o->next;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* One call, which does not wait. */
static void
go_on(struct proactor *p, struct operation *o)
{
    bool reads;
    ssize_t n;
    enum io_result result;

    pthread_mutex_lock(&p->lock); /* see begin() */
    pthread_mutex_unlock(&p->lock);
    reads = o->kind == EPOLLIN;
    n = reads ? read(o->fd, o->buf, o->len) : write(o->fd, o->buf + o->moved, o->len - o->moved);
    result = io_result(n);
    if (result == IO_NOT_YET || result == IO_INTERRUPTED) {
        arm(p, o->fd, o->kind, o);
        return;
    }
    if (result == IO_FAILED) {
        tell(p, o, -errno);
    } else if (reads) {
        tell(p, o, n);
    } else {
        o->moved += (size_t)n;
        if (o->moved == o->len)
            tell(p, o, (ssize_t)o->len);
        else
            arm(p, o->fd, o->kind, o);
    }
}

void
proactor_run(struct proactor *p)
{
    struct epoll_event batch[AT_ONCE];
    bool stopped = false;

    for (int i = 0; i < p->count; i++) {
        errno = pthread_create(&p->workers[i], NULL, work, p);
        if (errno)
            fail("pthread_create", NULL);
    }
    while (!stopped) {
        int ready = epoll_wait(p->epoll, batch, AT_ONCE, -1);

        if (ready == -1 && errno != EINTR)
            fail("epoll_wait", NULL);
        for (int i = 0; i < ready; i++)
            if (batch[i].data.ptr)
                go_on(p, batch[i].data.ptr);
            else
                stopped = true;
    }
    pthread_mutex_lock(&p->lock);
    p->stopped = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++)
        pthread_join(p->workers[i], NULL);
}

/* ---- the frame ---- */

struct proactor *
proactor_open(int workers)
{
    struct proactor *p = calloc(1, sizeof *p + (size_t)workers * sizeof *p->workers);

    if (!p)
        fail("calloc", NULL);
    p->count = workers;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->epoll = check(epoll_create1(0), "epoll_create1");
    p->stop = check(eventfd(0, 0), "eventfd");
    arm(p, p->stop, EPOLLIN, NULL);
    return p;
}

static void
begin(struct proactor *p, struct operation *o, int fd, char *buf, size_t len, uint32_t kind)
{
    pthread_mutex_lock(&p->lock); /* nobody says that epoll_ctl() orders memory */
    o->fd = fd;
    o->buf = buf;
    o->len = len;
    o->moved = 0;
    o->kind = kind;
    pthread_mutex_unlock(&p->lock);
    arm(p, fd, kind, o); /* from here on it is not ours any more */
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
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
