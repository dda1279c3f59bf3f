/*
 * loop.h - an event loop: one thread waits for many descriptors and moments, and calls whoever
 * is concerned
 *
 * This is the Reactor of Schmidt's pattern (1995): whoever is interested leaves a handler here; the
 * loop sleeps in epoll_wait(2) until something can be done, and calls the handler, which does it
 * without waiting. All calls on a loop are made by one thread: the one that runs it. Chapter 05
 * opens it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

/* An empty loop. Ends the program if the system has none to give. */
struct loop *loop_open(void);

/* Frees it. What is still in it is told nothing more, and stays its owner's. NULL does no harm. */
void loop_close(struct loop *l);

/*
 * Sleeps until something is ready or due, and tells everybody concerned, once: first those that are
 * ready, then those whose time has come, so that a peer that speaks at the last moment is not too
 * late. Of those that are ready a turn tells 64; if there are more, timers wait for the next turns.
 * False, at once: nothing is in the loop, so nothing could ever happen. Not to be called by a
 * handler.
 */
bool loop_turn(struct loop *l);

/* Turns until nothing is in the loop any more. */
void loop_run(struct loop *l);

/* ---- descriptors ---- */

/*
 * Whom to tell that a descriptor is ready. It lies in its owner's memory, and stays there as long
 * as it is in a loop. The first four are the owner's to set, before it is added.
 */
struct handler {
    int fd;
    uint32_t interest; /* EPOLLIN, EPOLLOUT, ...: see epoll_ctl(2); then only by loop_change() */
    void (*ready)(void *owner, uint32_t events);
    void *owner;
    struct loop *loop; /* the one that it is in */
};

/*
 * From now on `ready` is called when anything in `interest` holds, and, whether asked for or
 * not, on EPOLLERR and EPOLLHUP. False: the kernel has no memory for it, or the user watches too
 * many (ENOMEM, ENOSPC: epoll_ctl(2)), or the descriptor cannot be waited for (EPERM).
 */
bool loop_add(struct loop *l, struct handler *h);

/* From now on only `interest` is told, even of what epoll_wait() has already said. No system call
 * if nothing changes. */
void loop_change(struct handler *h, uint32_t interest);

/*
 * To be called before the descriptor is closed. The handler is told nothing more, not even what
 * epoll_wait() has already said; so its memory, and the number of its descriptor, can be used again
 * at once. Any handler may remove any other, and itself.
 */
void loop_remove(struct handler *h);

/* ---- timers ---- */

/* Whom to tell that a moment has come. Like a handler, it lies in its owner's memory. */
struct timer {
    void (*expired)(void *owner);
    void *owner;
    int64_t at;   /* when, on the clock of clock.h */
    size_t place; /* the loop's own; 0: it is not set, as in a timer of all zeros */
};

/*
 * `expired` will be called once, at `at` or up to a millisecond later. Setting it again moves it,
 * and cannot fail. False: there is no memory (ENOMEM), and it is not set.
 */
bool loop_set_timer(struct loop *l, struct timer *t, int64_t at);

/* It will not be called. Clearing one that is not set does no harm. */
void loop_clear_timer(struct loop *l, struct timer *t);
