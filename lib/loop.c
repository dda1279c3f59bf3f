#include "loop.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

struct loop {
    int epoll;
    size_t handlers;                    /* how many are in it */
    struct epoll_event events[AT_ONCE]; /* what epoll_wait() has said */
    int next, count;                    /* from `next` on, it has still to be told */
    size_t untold;                      /* at most so many more were ready when it was full */
    struct timer **heap;                /* heap[1] is due first; see sift_up() */
    size_t timers, room;
};

struct loop *
loop_open(void)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l)
        fail("calloc", "a loop");
    l->epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    return l;
}

void
loop_close(struct loop *l)
{
    if (!l)
        return;
    close(l->epoll);
    free(l->heap);
    free(l);
}

/* ---- descriptors ---- */

bool
loop_add(struct loop *l, struct handler *h)
{
    struct epoll_event event = {.events = h->interest, .data.ptr = h};

    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, h->fd, &event) == -1)
        return false;
    h->loop = l;
    l->handlers++;
    return true;
}

void
loop_change(struct handler *h, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = h};

    if (interest == h->interest)
        return;
    check(epoll_ctl(h->loop->epoll, EPOLL_CTL_MOD, h->fd, &event), "epoll_ctl(EPOLL_CTL_MOD)");
    h->interest = interest;
}

/* Closing the descriptor would not do: it stays on the list while a duplicate is open. epoll(7) */
void
loop_remove(struct handler *h)
{
    struct loop *l = h->loop;

    check(epoll_ctl(l->epoll, EPOLL_CTL_DEL, h->fd, NULL), "epoll_ctl(EPOLL_CTL_DEL)");
    for (int i = l->next; i < l->count; i++)
        if (l->events[i].data.ptr == h)
            l->events[i].data.ptr = NULL;
    h->loop = NULL;
    l->handlers--;
}

/* A handler may change or remove any other, so nothing is certain before its turn has come. */
static void
tell_ready(struct loop *l)
{
    for (l->next = 0; l->next < l->count;) {
        struct epoll_event *event = &l->events[l->next++];
        struct handler *h = event->data.ptr;

        if (h && event->events & (h->interest | EPOLLERR | EPOLLHUP))
            h->ready(h->owner, event->events & (h->interest | EPOLLERR | EPOLLHUP));
    }
}

/* ---- timers: a heap. No timer is due before heap[place / 2], so heap[1] is the next of all ----
 */

static void
put(struct loop *l, struct timer *t, size_t place)
{
    l->heap[place] = t;
    t->place = place;
}

/* `t`, somewhere in the heap, changes places with those above that are due later. */
static void
sift_up(struct loop *l, struct timer *t)
{
    size_t place = t->place;

    for (; place > 1 && t->at < l->heap[place / 2]->at; place /= 2)
        put(l, l->heap[place / 2], place);
    put(l, t, place);
}

/* The same, with those below that are due earlier. */
static void
sift_down(struct loop *l, struct timer *t)
{
    size_t place = t->place, below;

    while ((below = 2 * place) <= l->timers) {
        if (below < l->timers && l->heap[below + 1]->at < l->heap[below]->at)
            below++;
        if (t->at <= l->heap[below]->at)
            break;
        put(l, l->heap[below], place);
        place = below;
    }
    put(l, t, place);
}

static bool
make_room(struct loop *l)
{
    size_t room = l->room ? 2 * l->room : 64;
    struct timer **heap;

    if (l->timers + 1 < l->room)
        return true;
    heap = reallocarray(l->heap, room, sizeof(struct timer *));
    if (!heap)
        return false;
    l->heap = heap;
    l->room = room;
    return true;
}

bool
loop_set_timer(struct loop *l, struct timer *t, int64_t at)
{
    if (t->place == 0 && !make_room(l))
        return false;
    if (t->place == 0)
        put(l, t, ++l->timers);
    t->at = at;
    sift_up(l, t);
    sift_down(l, t);
    return true;
}

void
loop_clear_timer(struct loop *l, struct timer *t)
{
    struct timer *last;

    if (t->place == 0)
        return;
    last = l->heap[l->timers--];
    if (last != t) { /* the last one takes its place, and then finds its own */
        put(l, last, t->place);
        sift_up(l, last);
        sift_down(l, last);
    }
    t->place = 0;
}

/* In milliseconds, as epoll_wait() wants it: rounded up, or it would return, again and again, a
 * little too early. */
static int
time_left(const struct loop *l)
{
    int64_t left;

    if (l->timers == 0)
        return -1;
    left = l->heap[1]->at - now_ns();
    if (left <= 0)
        return 0;
    left = (left - 1) / NS_PER_MS + 1;
    return left < INT_MAX ? (int)left : INT_MAX;
}

/* Those that are due now; one that is set again meanwhile, however early, does not hold up the
 * turn. */
static void
tell_expired(struct loop *l)
{
    int64_t now = l->timers > 0 ? now_ns() : 0;

    for (size_t most = l->timers; most > 0 && l->timers > 0 && l->heap[1]->at <= now; most--) {
        struct timer *t = l->heap[1];

        loop_clear_timer(l, t);
        t->expired(t->owner);
    }
}

/* ---- the loop ---- */

/*
 * Has everybody who was ready been told? Not if a signal came first, and perhaps not if the batch
 * was full. The kernel takes turns: after as many batches as hold all, everybody has had one.
 */
static bool
told_all(struct loop *l)
{
    if (l->count == AT_ONCE && l->untold > AT_ONCE) {
        l->untold -= AT_ONCE;
        return false;
    }
    l->untold = 0;
    return l->count != -1;
}

bool
loop_turn(struct loop *l)
{
    if (l->handlers == 0 && l->timers == 0)
        return false;
    if (l->untold == 0)
        l->untold = l->handlers;
    l->count = epoll_wait(l->epoll, l->events, AT_ONCE, time_left(l));
    if (l->count == -1 && errno != EINTR)
        fail("epoll_wait", NULL);
    tell_ready(l);
    if (told_all(l))
        tell_expired(l);
    return true;
}

void
loop_run(struct loop *l)
{
    while (loop_turn(l))
        ;
}
