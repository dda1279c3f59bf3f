#include "clients.h"

#include "client.h"
#include "clock.h"
#include "error.h"
#include "watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static const struct plan *plan;
static pthread_barrier_t barrier;
static int64_t start; /* set by one thread between two barriers */

/* ---- results of several threads are one ---- */

static void
merge_samples(struct result *into, const struct result *from)
{
    if (from->sample_count > into->sample_count) {
        into->samples = realloc(into->samples, (size_t)from->sample_count * sizeof *into->samples);
        if (!into->samples)
            fail("realloc", NULL);
        for (int i = into->sample_count; i < from->sample_count; i++)
            into->samples[i] = (struct sample){0};
        into->sample_count = from->sample_count;
    }
    for (int i = 0; i < from->sample_count; i++) {
        struct sample *s = &into->samples[i];
        const struct sample *t = &from->samples[i];

        s->answered += t->answered;
        s->failures += t->failures;
        s->sum += t->sum;
        s->slowest = t->slowest > s->slowest ? t->slowest : s->slowest;
    }
}

static void
merge(struct result *into, const struct result *from)
{
    for (int i = 0; i < OUTCOMES; i++) {
        into->outcomes[i] += from->outcomes[i];
        into->warm_up_outcomes[i] += from->warm_up_outcomes[i];
    }
    for (int i = 0; i <= MOST_STATUS; i++)
        into->statuses[i] += from->statuses[i];
    into->window = from->window > into->window ? from->window : into->window;
    into->interrupted = into->interrupted || from->interrupted;
    into->warm_up += from->warm_up;
    into->unbegun += from->unbegun;
    into->late += from->late;
    into->oldest = from->oldest > into->oldest ? from->oldest : into->oldest;
    into->due += from->due;
    into->unsent += from->unsent;
    into->answered += from->answered;
    into->fewest = from->fewest < into->fewest ? from->fewest : into->fewest;
    into->most = from->most > into->most ? from->most : into->most;
    into->bytes_sent += from->bytes_sent;
    into->bytes_received += from->bytes_received;
    into->cpu += from->cpu;
    histogram_merge(&into->latencies, &from->latencies);
    histogram_merge(&into->responses, &from->responses);
    histogram_merge(&into->first_bytes, &from->first_bytes);
    histogram_merge(&into->connects, &from->connects);
    merge_samples(into, from);
}

/* Into that of the first. */
static void
add_up(struct worker *workers)
{
    struct result *result = workers[0].result;
    int64_t end = 0;

    for (int i = 0; i < plan->threads; i++)
        end = workers[i].window_end > end ? workers[i].window_end : end;
    for (int i = 0; i < plan->threads; i++) {
        if (plan->rate > 0)
            count_due(&workers[i], end);
        if (i == 0)
            continue;
        merge(result, workers[i].result);
        free(workers[i].result->samples);
        free(workers[i].result);
    }
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        result->failures += result->outcomes[i];
}

/* ---- threads ---- */

/* All threads begin at the same moment, when the last is ready. */
static int64_t
begin_together(void)
{
    int chosen = pthread_barrier_wait(&barrier);

    if (chosen == PTHREAD_BARRIER_SERIAL_THREAD)
        start = now_ns();
    pthread_barrier_wait(&barrier);
    return start;
}

static void *
work(void *worker)
{
    run_worker(worker, begin_together);
    return NULL;
}

/* Worker number `i` has every client whose number leaves the remainder i. */
static void
prepare_worker(struct worker *w, int i, struct result *result)
{
    uint64_t share = plan->requests / (uint64_t)plan->threads;

    w->plan = plan;
    w->result = result;
    w->loop = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"); /* before there are sockets */
    w->count = (plan->clients - i + plan->threads - 1) / plan->threads;
    w->requests = plan->requests == 0
                      ? UINT64_MAX
                      : share + ((uint64_t)i < plan->requests % (uint64_t)plan->threads);
    w->clients = calloc((size_t)w->count, sizeof *w->clients);
    w->moments = calloc((size_t)w->count * (size_t)plan->pipeline, sizeof *w->moments);
    if (!w->clients || !w->moments)
        fail("calloc", NULL);
    for (int k = 0; k < w->count; k++) {
        struct client *c = &w->clients[k];

        c->exchange.fd = -1;
        c->number = (uint32_t)(k * plan->threads + i);
        c->unanswered = w->moments + (size_t)k * (size_t)plan->pipeline;
        if (w->requests > (uint64_t)k)
            c->share = (w->requests - (uint64_t)k - 1) / (uint64_t)w->count + 1;
    }
}

static void
end_worker(struct worker *w)
{
    for (int i = 0; i < w->count; i++)
        close_connection(&w->clients[i].exchange);
    close(w->loop);
    free(w->clients);
    free(w->moments);
}

/* For TRACE. */
static void
name_lanes(int clients)
{
    for (int i = 1; i <= clients && i <= LANES; i++) {
        char name[16];

        snprintf(name, sizeof name, "c%d", i);
        watch_name_lane(i, name);
    }
}

/* The calling thread is the first worker; its result is where all others are added. */
void
run_clients(const struct plan *the_plan, struct result *result)
{
    struct worker *workers = calloc((size_t)the_plan->threads, sizeof *workers);
    pthread_t *threads = calloc((size_t)the_plan->threads, sizeof *threads);

    plan = the_plan;
    if (!workers || !threads)
        fail("calloc", NULL);
    plan->protocol->prepare(plan);
    name_lanes(plan->clients);
    end_on_interrupt();
    pthread_barrier_init(&barrier, NULL, (unsigned)plan->threads);
    for (int i = 0; i < plan->threads; i++) {
        prepare_worker(&workers[i], i, i == 0 ? result : calloc(1, sizeof *result));
        if (!workers[i].result)
            fail("calloc", NULL);
    }
    for (int i = 1; i < plan->threads; i++)
        if ((errno = pthread_create(&threads[i], NULL, work, &workers[i])) != 0)
            fail("pthread_create", NULL);
    work(&workers[0]);
    for (int i = 1; i < plan->threads; i++)
        pthread_join(threads[i], NULL);
    add_up(workers);
    for (int i = 0; i < plan->threads; i++)
        end_worker(&workers[i]);
    pthread_barrier_destroy(&barrier);
    free(workers);
    free(threads);
}
