#include "report.h"

#include "clock.h"
#include "figures.h"
#include "net.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_LINES = 24, OTHER_LINES = 20 }; /* the rest is for kinds of failure and for warnings */

/* ---- the report ---- */

static void
print_answered(const struct plan *plan, const struct result *r)
{
    const char *who = plan->visits ? "visitors" : "connections";
    char a[TEXT], b[TEXT];

    printf("  answered   %s of ", grouped((uint64_t)r->answered, a));
    printf("%s %s", grouped((uint64_t)plan->clients, a), who);
    if (r->answered == plan->clients)
        printf(", %s to %s times each\n", grouped(r->fewest, a), grouped(r->most, b));
    else
        printf("; %s never\n", grouped((uint64_t)(plan->clients - r->answered), a));
}

static void
print_requests(const struct plan *plan, const struct result *r)
{
    uint64_t answers = r->outcomes[ANSWERED];
    double moved = (double)(r->bytes_sent + r->bytes_received);
    char a[TEXT], b[TEXT];

    printf("  requests   %s, ", grouped(answers, a));
    printf("%s a second, %.1f MB/s both ways together\n",
           grouped((uint64_t)(per_second((double)answers, r) + 0.5), b),
           per_second(moved, r) / 1e6);
    if (plan->rate > 0) {
        printf("  rate       %s a second asked for, ", rounded(plan->rate, a));
        printf("%s sent", rounded(per_second((double)(r->due - r->unsent), r), b));
        if (r->unsent > 0)
            printf("; %s overdue", grouped(r->unsent, a));
        printf("\n");
    }
    if (r->outcomes[IN_FLIGHT]) {
        printf("  in flight  %s of ", grouped(r->outcomes[IN_FLIGHT], a));
        printf("%s sent at the end, the oldest for ", grouped(requests_sent(r), a));
        printf("%s\n", duration((uint64_t)r->oldest, b));
    }
}

static void
print_statuses(const struct result *r)
{
    const char *before = "  statuses   ";
    char text[TEXT];

    for (int i = 1; i <= MOST_STATUS / 100; i++) {
        uint64_t n = statuses_between(r, i * 100, i * 100 + 99);

        if (n > 0) {
            printf("%s%dxx %s", before, i, grouped(n, text));
            before = ", ";
        }
    }
    if (*before == ',')
        printf("\n");
}

/* At most `lines` kinds; if there are more, the last line is for all that are left. */
static void
print_failures(const struct result *r, int lines)
{
    int kinds = 0;
    uint64_t left = r->failures;
    char text[TEXT];

    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        kinds += r->outcomes[i] > 0;
    printf("  failures   %s\n", r->failures ? grouped(r->failures, text) : "none");
    for (int i = ANSWERED + 1; i < OUTCOMES && kinds > 0; i++) {
        if (r->outcomes[i] == 0)
            continue;
        if (lines-- == 1 && kinds > 1) {
            printf("%13s of %d %skinds: --output tells which\n", grouped(left, text), kinds,
                   left < r->failures ? "other " : "");
            return;
        }
        printf("%13s %s\n", grouped(r->outcomes[i], text), outcome_meanings[i]);
        left -= r->outcomes[i];
        kinds--;
    }
}

/* A figure that needs more values than there are is none. */
static void
print_times(const struct result *r)
{
    struct measure measures[MEASURES];

    name_measures(r, measures);
    printf("  time      ");
    for (int m = 0; m < MEASURES; m++)
        if (measures[m].histogram->count > 0)
            printf("%12s", measures[m].title);
    printf("\n");
    for (const struct figure *f = figures; f < figures + FIGURES; f++) {
        bool missing = false;
        char text[TEXT];

        printf("%12s", f->title);
        for (int m = 0; m < MEASURES; m++) {
            bool enough = measures[m].histogram->count >= f->needs;

            if (measures[m].histogram->count == 0)
                continue;
            missing = missing || !enough;
            printf("%12s", enough ? duration(figure_of(measures[m].histogram, f), text) : "-");
        }
        if (missing)
            printf("  needs %s", grouped(f->needs, text));
        printf("\n");
    }
}

void
print_report(const struct plan *plan, const struct result *r)
{
    uint64_t answers = r->outcomes[ANSWERED];
    struct warnings warnings;
    char text[TEXT];
    int left = MOST_LINES - (answers > 0 ? OTHER_LINES : OTHER_LINES - FIGURES - 2);

    find_warnings(plan, r, &warnings);
    left -= plan->warm_up > 0;
    put_headline(stdout, plan, r);
    printf("\n");
    if (plan->urls) {
        printf("  asked      ");
        put_asked(stdout, plan, plan->pipeline > 1 ? 45 : 65);
        if (plan->pipeline > 1)
            printf(", %d at once on each", plan->pipeline);
        printf("\n");
    }
    if (plan->warm_up > 0)
        printf("  warm-up    %.2f s before, with %s requests that do not count\n",
               (double)plan->warm_up / NS_PER_SECOND, grouped(r->warm_up, text));
    print_answered(plan, r);
    print_requests(plan, r);
    print_statuses(r);
    if (warnings.count >= left)
        warnings.count = left - (r->failures > 0);
    print_failures(r, left - warnings.count);
    if (answers > 0) {
        print_times(r);
        printf("  client     %s of CPU a request, %.0f %% of %d CPU%s\n",
               duration((uint64_t)r->cpu / answers, text), client_share(plan, r) * 100,
               plan->threads, plan->threads == 1 ? "" : "s");
    }
    for (int i = 0; i < warnings.count; i++)
        printf("  ! %s\n", warnings.text[i]);
}

/* ---- other forms ---- */

void
print_classic(const struct plan *plan, const struct result *r)
{
    uint64_t requests = requests_sent(r), responses = responses_received(r);
    char server[ADDRESS_TEXT];

    printf("Benchmarking: ");
    if (plan->urls)
        printf("%s\n", plan->urls[0]);
    else
        printf("%s\n",
               address_text((const struct sockaddr *)&plan->server, plan->server_len, server));
    printf("%d clients, running %zu bytes, %.4g sec.\n\n", plan->clients,
           plan->urls ? plan->body_len : plan->bytes, (double)r->window / NS_PER_SECOND);
    printf("Speed: %.0f request/sec, %.0f response/sec\n", per_second((double)requests, r),
           per_second((double)responses, r));
    printf("Requests: %" PRIu64 "\nResponses: %" PRIu64 "\n", requests, responses);
}

enum { MOST_SPANS = 20, BAR = 36 };

struct span {
    uint64_t up_to, count;
};

/*
 * Each span is as many times longer than the one before as makes 20 of them or fewer: with equal
 * ones one would see either the many quick answers or the few slow ones. Returns how many.
 */
static int
cut_into_spans(const struct histogram *h, struct span spans[MOST_SPANS])
{
    double step = 1, reach;
    int n = 0;

    do {
        step *= 1.05;
        reach = (double)h->min + 1;
        for (int i = 0; i < MOST_SPANS; i++)
            reach *= step;
    } while (reach < (double)h->max);
    spans[0] = (struct span){.up_to = (uint64_t)(((double)h->min + 1) * step)};
    for (struct filled_bucket b = {0}; next_filled_bucket(h, &b); spans[n].count += b.count)
        while (b.to > spans[n].up_to && n < MOST_SPANS - 1) {
            double up_to = (double)spans[n].up_to * step;

            spans[++n] = (struct span){.up_to = up_to < (double)h->max ? (uint64_t)up_to : h->max};
        }
    return n + 1;
}

static void
print_spans(const struct measure *measure)
{
    struct span spans[MOST_SPANS];
    int n = cut_into_spans(measure->histogram, spans);
    double most = 0, all = (double)measure->histogram->count;
    uint64_t seen = 0;
    char a[TEXT], b[TEXT];

    for (int i = 0; i < n; i++)
        most = (double)spans[i].count > most ? (double)spans[i].count : most;
    printf("\n%8s up to     answers     so far\n", measure->title);
    for (int i = 0; i < n; i++) {
        seen += spans[i].count;
        printf("%14s%12s%9.2f %%", duration(spans[i].up_to, a), grouped(spans[i].count, b),
               (double)seen / all * 100);
        printf("%s", spans[i].count > 0 ? "  " : "");
        for (double bar = (double)spans[i].count / most * BAR; bar > 0; bar--)
            putchar('#');
        putchar('\n');
    }
}

void
print_distribution(const struct result *r)
{
    struct measure measures[MEASURES];

    name_measures(r, measures);
    for (int i = 0; i < MEASURES; i++)
        if (measures[i].histogram == &r->latencies ||
            (measures[i].histogram == &r->responses && r->responses.count > 0))
            print_spans(&measures[i]);
}

void
print_samples(const struct result *r)
{
    char answered[TEXT], failures[TEXT], mean[TEXT], slowest[TEXT];

    printf("\n   until    answered    failures        mean     longest\n");
    for (int i = 0; i < r->sample_count; i++) {
        const struct sample *s = &r->samples[i];
        double end = i + 1 < r->sample_count ? i + 1 : (double)r->window / NS_PER_SECOND;

        printf("%8.2f%12s%12s%12s%12s\n", end, grouped(s->answered, answered),
               grouped(s->failures, failures),
               s->answered ? duration(s->sum / s->answered, mean) : "-",
               s->answered ? duration(s->slowest, slowest) : "-");
    }
}
