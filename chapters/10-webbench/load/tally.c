#include "tally.h"

#include "clock.h"
#include "error.h"

#include <stdlib.h>

struct sample *
sample_at(struct worker *w, int64_t now)
{
    struct result *r = w->result;

    while (r->sample_count == 0 || now > w->sample_end) {
        if ((r->sample_count & (r->sample_count - 1)) == 0) { /* room for 0, 1, 2, 4, 8 … */
            size_t room = r->sample_count ? 2 * (size_t)r->sample_count : 1;

            r->samples = realloc(r->samples, room * sizeof *r->samples);
            if (!r->samples)
                fail("realloc", NULL);
        }
        r->samples[r->sample_count++] = (struct sample){0};
        w->sample_end = w->window_begin + r->sample_count * NS_PER_SECOND;
    }
    return &r->samples[r->sample_count - 1];
}

static void
count(struct worker *w, enum outcome outcome, int64_t now)
{
    w->result->outcomes[outcome]++;
    if (outcome != ANSWERED && w->window_begin > 0)
        sample_at(w, now)->failures++;
}

void
count_idle(struct worker *w, enum outcome outcome, int64_t now)
{
    if (now < w->window_begin)
        w->result->warm_up_outcomes[outcome]++;
    else if (now <= w->window_end)
        count(w, outcome, now);
}

static void
count_answer(struct worker *w, struct client *c, const struct moments *m, int64_t now)
{
    uint64_t latency = (uint64_t)(now - m->begun);
    struct sample *sample = sample_at(w, now);

    sample->answered++;
    sample->sum += latency;
    if (latency > sample->slowest)
        sample->slowest = latency;
    histogram_record(&w->result->latencies, latency);
    histogram_record(&w->result->first_bytes,
                     (uint64_t)((c->first_byte ? c->first_byte : now) - m->begun));
    if (w->plan->rate > 0)
        histogram_record(&w->result->responses, (uint64_t)(now - m->due));
    c->answered++;
}

void
settle(struct worker *w, struct client *c, enum outcome outcome, int64_t now)
{
    const struct moments m = c->unanswered[c->oldest];
    struct result *r = w->result;

    c->oldest = c->oldest + 1 < w->plan->pipeline ? c->oldest + 1 : 0;
    w->in_flight--;
    if (now > w->window_end) {
        r->outcomes[IN_FLIGHT]++;
        r->late += outcome <= WRONG_BODY;
        if (w->window_end - m.due > r->oldest)
            r->oldest = w->window_end - m.due;
    } else if (now < w->window_begin) {
        r->warm_up++;
        r->warm_up_outcomes[outcome]++;
    } else {
        count(w, outcome, now);
        if (outcome <= WRONG_BODY && c->exchange.answer.status > 0)
            r->statuses[c->exchange.answer.status]++;
        if (outcome == ANSWERED)
            count_answer(w, c, &m, now);
    }
    c->first_byte = 0;
}
