#include "client.h"

#include "clock.h"

int64_t
due_at(const struct worker *w, const struct client *c, uint64_t n)
{
    double requests = (double)n * w->plan->clients + c->number; /* of all, before this one */

    return w->start + (int64_t)(requests * (double)NS_PER_SECOND / w->plan->rate);
}

int64_t
due_of_share(const struct worker *w, const struct client *c, uint64_t n)
{
    return n < c->share ? due_at(w, c, n) : INT64_MAX;
}

/* With a rate: how many requests of client `c` are due before `moment`. */
static uint64_t
due_before(const struct worker *w, const struct client *c, int64_t moment)
{
    double passed = (double)(moment - w->start) / NS_PER_SECOND;
    double all = (passed * w->plan->rate - c->number) / w->plan->clients;
    uint64_t n = all < 0 ? 0 : all < (double)c->share ? (uint64_t)all : c->share;

    while (due_of_share(w, c, n) < moment)
        n++;
    return n;
}

/* Everybody has had his turn; so the next is in the round that is on now. */
static void
skip_rounds(struct worker *w, int64_t now)
{
    uint64_t begun = due_before(w, w->clients, now);

    if (begun > w->round + 1) {
        w->turn = 0;
        w->round = begun - 1;
        w->next_due = due_of_share(w, w->clients, w->round);
    }
}

void
hand_out(struct worker *w, int64_t now)
{
    for (int i = 0; w->next_due <= now && i < w->count; i++) {
        struct client *c = &w->clients[w->turn];

        if (c->state == READY ||
            (c->state == ASKING && (int)c->exchange.unanswered < w->plan->pipeline))
            go_on(w, c, now_ns());
        if (++w->turn == w->count) {
            w->turn = 0;
            w->round++;
        }
        w->next_due = due_of_share(w, &w->clients[w->turn], w->round);
    }
    if (w->next_due <= now)
        skip_rounds(w, now);
}

void
count_due(struct worker *w, int64_t end)
{
    int64_t begin = w->start + w->plan->warm_up; /* w->window_begin is earlier if all were gone */

    for (const struct client *c = w->clients; c < w->clients + w->count && begin < end; c++) {
        uint64_t before = due_before(w, c, begin), due = due_before(w, c, end);
        uint64_t settled = c->asked > before ? c->asked : before;

        w->result->due += due - before;
        w->result->unsent += due > settled ? due - settled : 0;
    }
}
