#include "client.h"

#include "clock.h"
#include "error.h"
#include "tally.h"
#include "watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 20,     /* how often we look for clients that have waited too long */
    GRACE_MS = 200,   /* how long answers that are late are waited for */
    AT_ONCE = 64,     /* events taken, and clients started, in one turn of the loop */
    LOOKS = 16,       /* before we sleep; some 0.3 us each */
    LOOKS_NS = 5000,  /* all of them */
    LEAST_OFTEN = 10, /* if all in vain, we look before every 1,024th sleep */
};

/* ---- progress ---- */

static const char clear_line[] = "\r\033[K"; /* of a terminal: console_codes(4) */
static atomic_int still_connecting;
static atomic_ullong all_answered;

/* The first thread speaks for all; each tells it what is new. */
static void
show_progress(struct worker *w, int64_t now)
{
    uint64_t answered = w->result->outcomes[ANSWERED];

    if (!w->plan->progress)
        return;
    still_connecting += w->connecting - w->told_connecting;
    all_answered += answered - w->told_answered;
    w->told_connecting = w->connecting;
    w->told_answered = answered;
    if (w->clients->number != 0 || now - w->shown < NS_PER_SECOND / 5 ||
        (w->start == 0 && still_connecting == 0))
        return;
    w->shown = now;
    fprintf(stderr, "%s", clear_line);
    if (still_connecting > 0)
        fprintf(stderr, "  %d of %d are still connecting", still_connecting, w->plan->clients);
    else if (now < w->window_begin)
        fprintf(stderr, "  warming up");
    else if (w->window_end == INT64_MAX)
        fprintf(stderr, "  %llu of %" PRIu64 " answers", all_answered, w->plan->requests);
    else
        fprintf(stderr, "  %.1f s to go, %llu answers",
                (double)(w->window_end - now) / NS_PER_SECOND, all_answered);
}

/* ---- the loop ---- */

/*
 * Who sleeps must be woken, and that is work for the server: with 100 connections nginx answers a
 * tenth more if we look for some 5 us longer. The more often in vain, the less often we look.
 */
static int
look_again(struct worker *w, struct epoll_event *events)
{
    int64_t begin, passed;
    int n;

    if (w->without_looking > 0) {
        w->without_looking--;
        return 0;
    }
    n = epoll_wait(w->loop, events, AT_ONCE, 0);
    if (n == 0) {
        begin = now_ns();
        for (int i = 1; i < LOOKS && n == 0; i++)
            n = epoll_wait(w->loop, events, AT_ONCE, 0);
        passed = now_ns() - begin;
        w->looked += passed < LOOKS_NS ? passed : LOOKS_NS; /* more, if we lost the CPU meanwhile */
    }
    if (n != 0) {
        w->in_vain = 0;
        return n;
    }
    w->without_looking = (1 << w->in_vain) - 1;
    if (w->in_vain < LEAST_OFTEN)
        w->in_vain++;
    return 0;
}

/* epoll_wait() counts in milliseconds, which is no time to be late for a request that is due. */
static int
wait_for_events(struct worker *w, struct epoll_event *events, int ms)
{
    struct timespec timeout;
    int64_t ns;

    if (w->next_due == INT64_MAX) {
        int n = ms > 0 ? look_again(w, events) : 0;

        return n != 0 ? n : epoll_wait(w->loop, events, AT_ONCE, ms);
    }
    ns = w->next_due - now_ns();
    if (ns > ms * NS_PER_MS)
        ns = ms * NS_PER_MS;
    timeout = (struct timespec){.tv_nsec = ns > 0 ? ns : 0};
    return epoll_pwait2(w->loop, events, AT_ONCE, &timeout, NULL);
}

/* Takes what has happened, waiting `ms` at most for something to happen. Returns the time. */
static int64_t
turn(struct worker *w, int ms)
{
    struct epoll_event events[AT_ONCE];
    int n = wait_for_events(w, events, ms);
    int64_t now;

    for (int i = 0; i < n; i++)
        advance(w, events[i].data.ptr, events[i].events);
    now = now_ns();
    if (w->next_due <= now)
        hand_out(w, now);
    if (now < w->next_look || now > w->window_end)
        return now;
    for (int i = 0; i < w->count; i++)
        look_after(w, &w->clients[i], now);
    show_progress(w, now);
    w->next_look = now + LOOK_MS * NS_PER_MS;
    return now;
}

/* A few at a time, so that the first need not wait for us until the last has been started. */
static void
everybody(struct worker *w, void (*begin)(struct worker *, struct client *, int64_t),
          enum state from)
{
    for (int i = 0; i < w->count; i++) {
        if (w->clients[i].state == from)
            begin(w, &w->clients[i], now_ns());
        if (i % AT_ONCE == AT_ONCE - 1 && turn(w, 0) > w->window_end)
            return;
    }
}

/* ---- connecting, warm-up, window, and the moment after ---- */

static atomic_bool interrupted;
static atomic_bool somebody_listens; /* one connection of one thread is enough to know */

static void
on_interrupt(int signal)
{
    (void)signal;
    interrupted = true;
}

void
end_on_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, old;

    check(sigaction(SIGINT, NULL, &old), "sigaction");
    if (old.sa_handler != SIG_IGN)
        check(sigaction(SIGINT, &action, NULL), "sigaction");
}

/* Without the looks: while it only looked a client had time left, as if it had slept. */
static int64_t
cpu_used(const struct worker *w)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage); /* cannot fail for oneself */
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000 - w->looked;
}

/*
 * Before its time is up a run ends when all is done; when nobody has a connection, and nobody will
 * try to get one; and if no time was given, when nothing has been heard from the server for so long
 * that another request would have been given up, too. With a rate the next one may be due late.
 */
static bool
is_over(const struct worker *w, int64_t now)
{
    const struct plan *plan = w->plan;
    int64_t silence = 2 * plan->patience;

    if (plan->rate > 0)
        silence += due_at(w, w->clients, 1) - due_at(w, w->clients, 0);
    return interrupted || (w->left == 0 && w->in_flight == 0) || w->gone == w->count ||
           (!plan->visits && !somebody_listens) ||
           (plan->window == INT64_MAX && now - w->heard > silence);
}

static int64_t
measure(struct worker *w)
{
    int64_t now = w->start, cpu = cpu_used(w);

    everybody(w, go_on, w->plan->visits ? GONE : READY);
    while (now < w->window_begin && !is_over(w, now))
        now = turn(w, LOOK_MS);
    if (w->plan->warm_up > 0) {
        if (now < w->window_begin) /* nobody is left for a window */
            w->window_begin = now;
        cpu = cpu_used(w);
        w->result->bytes_sent = w->result->bytes_received = 0;
    }
    while (now < w->window_end && !is_over(w, now))
        now = turn(w, LOOK_MS);
    w->result->cpu = cpu_used(w) - cpu;
    return now < w->window_end ? now : w->window_end;
}

/* What is still on its way may only be late: the server has it, and we hear what it says. */
static void
wait_for_late(struct worker *w)
{
    uint64_t sent = w->result->bytes_sent, received = w->result->bytes_received;
    int64_t now = now_ns(), until = now + GRACE_MS * NS_PER_MS;

    while (w->in_flight > 0 && now < until)
        now = turn(w, LOOK_MS);
    w->result->bytes_sent = sent;
    w->result->bytes_received = received;
}

static void
sum_up(struct worker *w)
{
    struct result *r = w->result;

    r->fewest = UINT64_MAX;
    r->unbegun = w->plan->requests > 0 ? w->left : 0;
    if (r->window > 0)
        sample_at(w, w->window_end); /* or seconds without an answer would be missing at the end */
    for (struct client *c = w->clients; c < w->clients + w->count; c++) {
        r->answered += c->answered > 0;
        r->fewest = c->answered < r->fewest ? c->answered : r->fewest;
        r->most = c->answered > r->most ? c->answered : r->most;
        r->outcomes[IN_FLIGHT] += c->exchange.unanswered;
        if (c->exchange.unanswered > 0 && w->window_end - c->unanswered[c->oldest].due > r->oldest)
            r->oldest = w->window_end - c->unanswered[c->oldest].due;
        trace(w, c, true, w->window_end);
    }
}

void
run_worker(struct worker *w, int64_t (*begin_together)(void))
{
    const struct plan *plan = w->plan;

    w->tracing = watch_tracing();
    w->gone = w->count;
    w->window_end = w->next_due = INT64_MAX;
    if (plan->rate > 0)
        check(prctl(PR_SET_TIMERSLACK, 1), "prctl"); /* to wake up when told to, not 50 us later */
    if (!plan->visits)
        everybody(w, connect_to_stay, GONE);
    while (w->connecting > 0 && !interrupted)
        turn(w, LOOK_MS);

    if (w->result->connects.count > 0)
        somebody_listens = true;
    w->start = w->heard = begin_together();
    w->left = w->requests;
    w->window_begin = w->start + plan->warm_up;
    if (plan->window != INT64_MAX)
        w->window_end = w->window_begin + plan->window;
    for (struct client *c = w->clients; plan->rate > 0 && c < w->clients + w->count; c++)
        c->due = due_of_share(w, c, 0);
    if (plan->rate > 0)
        w->next_due = w->clients->due;
    w->window_end = measure(w);
    w->result->window = w->window_end - w->window_begin;
    w->result->interrupted = interrupted;
    w->next_due = INT64_MAX;
    wait_for_late(w);
    if (w->shown > 0)
        fprintf(stderr, "%s", clear_line);
    sum_up(w);
}
