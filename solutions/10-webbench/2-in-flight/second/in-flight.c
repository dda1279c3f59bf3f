/*
 * in-flight.c - the account of a load generator: what has become of each of its requests
 *
 * Run:    make, then build/in-flight pipeline (gdb --args build/in-flight pipeline)
 * Test:   make test
 * Book:   10-webbench, "What is in flight when time is up"
 */
#include "error.h"

#include <stdbool.h>
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

/* Another way: requests are counted when they are sent, and the account is put right when the
 * window is over, as far as this client is concerned: what is still waiting then is in flight. */
struct client {
    const struct window *window;
    struct account *account;        /* of all clients */
    uint64_t waiting;               /* requests that are not answered yet */
    uint64_t begun, answered, lost; /* in the window, or on their way as it began */
    size_t received;                /* bytes of the answer to the oldest of them */
    bool is_in, is_over;
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

/* Time has passed: has the window begun, and has it ended, since the last event? */
static void
look_at_the_clock(struct client *c, int64_t now)
{
    struct account *a = c->account;

    if (!c->is_in && now >= c->window->begin) {
        c->is_in = true;
        c->begun = c->waiting;
    }
    if (!c->is_over && now > c->window->end) {
        c->is_over = true;
        a->requests += c->begun;
        a->responses += c->answered;
        a->failures += c->lost;
        a->in_flight += c->begun - c->answered - c->lost;
    }
}

/* A request has gone out. */
void
client_sent(struct client *c, int64_t now)
{
    look_at_the_clock(c, now);
    c->waiting++;
    c->begun++;
}

/* That many bytes have come: a part of an answer, or several answers, or both. */
void
client_received(struct client *c, size_t bytes, int64_t now)
{
    uint64_t answers = (c->received + bytes) / ANSWER;

    look_at_the_clock(c, now);
    c->received = (c->received + bytes) % ANSWER;
    c->waiting -= answers;
    if (c->is_over)
        c->account->late += answers;
    else if (c->is_in)
        c->answered += answers;
}

/* The connection is lost; what is sent from now on goes over a new one. */
void
client_broken(struct client *c, int64_t now)
{
    look_at_the_clock(c, now);
    if (c->is_in)
        c->lost += c->waiting; /* after the end nobody looks at it any more */
    c->waiting = 0;
    c->received = 0;
}

/* All is over, and nobody waits for an answer any more. */
void
client_end(struct client *c)
{
    look_at_the_clock(c, INT64_MAX);
    free(c);
}
