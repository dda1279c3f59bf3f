/*
 * in-flight.c - the account of a load generator: what has become of each of its requests
 *
 * Run:    make, then build/in-flight pipeline (gdb --args build/in-flight pipeline)
 * Test:   make test
 * Book:   10-webbench, "What is in flight when time is up"
 */
#include "error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* ---- what is given ---- */

enum { ANSWER = 100 }; /* bytes of a whole answer */

/* Ms. The same for all clients; both moments belong to it. */
struct window {
    int64_t begin, end;
};

struct account {
    uint64_t requests;  /* that were on their way in the window: the sum of the three below */
    uint64_t responses; /* their answer was whole in the window */
    uint64_t failures;  /* they were lost in the window */
    uint64_t in_flight; /* at its end, neither had happened */
    uint64_t late;      /* of those in flight: answered all the same, afterwards */
};

struct client;
struct client *client_new(const struct window *w, struct account *a);
void client_sent(struct client *c, int64_t now);
void client_received(struct client *c, size_t bytes, int64_t now);
void client_broken(struct client *c, int64_t now);
void client_end(struct client *c);

/* ---- what is to be finished ---- */

/* TODO: each request that was on its way in the window is one response, one failure, or in flight,
 * and `requests` is their sum. What tells which, and after what moment is nothing a failure? */
struct client {
    const struct window *window;
    struct account *account; /* of all clients */
    uint64_t waiting;        /* requests that are not answered yet */
    size_t received;         /* bytes of the answer to the oldest of them */
};

struct client *
client_new(const struct window *w, struct account *a)
{
    struct client *c = calloc(1, sizeof *c);

    if (!c)
        fail("calloc", NULL);
    c->window = w;
    c->account = a;
    return c;
}

/* A request has gone out. */
void
client_sent(struct client *c, int64_t now)
{
    (void)now;
    c->waiting++;
    c->account->requests++;
}

/* That many bytes have come: a part of an answer, or several answers, or both. */
void
client_received(struct client *c, size_t bytes, int64_t now)
{
    (void)now;
    c->received += bytes;
    while (c->received >= ANSWER) {
        c->received -= ANSWER;
        c->waiting--;
        c->account->responses++;
    }
}

/* The connection is lost; what is sent from now on goes over a new one. */
void
client_broken(struct client *c, int64_t now)
{
    (void)now;
    c->account->failures++;
    c->waiting = 0;
}

/* All is over, and nobody waits for an answer any more. */
void
client_end(struct client *c)
{
    if (c->waiting > 0)
        c->account->failures++;
    free(c);
}
