/*
 * waiters.h - threads that wait for the peers of one listener, in one way or another
 *
 * Whoever is told of a peer goes to a gate, and asks for it when the gate is opened.
 */
#pragma once

#include <stdint.h>

struct way {
    const char *name;
    enum { IN_ACCEPT, ONE_EPOLL, AN_EPOLL_EACH, A_LISTENER_EACH } where;
    uint32_t interest; /* with epoll */
};

/* Begins to wait, with `count` threads. */
void waiters_start(int count, const struct way *way, int listener);

/* Waits until none of them will wake up any more: they sleep at the gate or wait for a peer. */
void waiters_settle(void);

/* How many are at the gate. */
int waiters_told(void);

/* Lets them go on. */
void waiters_open_gate(void);

/* Ends them, and the listener; then these say how many peers each of them got. */
void waiters_end(void);
int waiters_accepted(int number);
