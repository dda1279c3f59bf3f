#include "clients.h"

#include "clock.h"
#include "error.h"
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LOOK_MS = 20,  /* how often we look for clients that have waited too long */
    REST_MS = 100, /* a visitor whose visit failed comes back after so long */
    AT_ONCE = 64,  /* events taken, and clients started, in one turn of the loop */
    LANES = 16,    /* clients that are drawn, with TRACE=file.json: see watch.h */
};

enum state {
    GONE,       /* a client that has no connection yet, or no more */
    RESTING,    /* a visitor between a failed visit and the next */
    CONNECTING, /* it has come to stay; visitors do not wait to be connected but ask at once */
    READY,      /* connected, and nothing asked yet */
    ASKING,     /* the one state in which a request is on its way */
};

struct client {
    struct exchange exchange;
    enum state state;
    int64_t since; /* when it came into this state */
    uint64_t asked, answered;
};

static const struct plan *plan;
static struct result *result;
static struct client *clients;
static int loop, connecting, gone;
static int64_t window_end; /* what is settled later does not count */

static void ask(struct client *c, int64_t now);

/* ---- one client ---- */

/* Until `now` client c has waited, or worked, for what its state says. */
static void
trace(const struct client *c, bool waited, int64_t since, int64_t now)
{
    int lane = (int)(c - clients) + 1;

    if (lane <= LANES && (c->state == CONNECTING || c->state == ASKING))
        watch_record(lane, c->state == ASKING ? "answer" : "connect", waited, since, now);
}

static void
enter(struct client *c, enum state state, int64_t now)
{
    trace(c, true, c->since, now);
    connecting += (state == CONNECTING) - (c->state == CONNECTING);
    gone += (state == GONE) - (c->state == GONE);
    c->state = state;
    c->since = now;
}

/*
 * Edge triggered, so that an answer that comes in one piece costs epoll_wait() and recv(), and
 * nothing else: epoll(7). One in more pieces is watched for anew each time (how: EPOLL_CTL_MOD),
 * which tells at once of what is there already: whatever made a call say EAGAIN, nothing is missed.
 */
static void
watch(struct client *c, int how)
{
    bool sending = c->state == CONNECTING || !all_sent(&c->exchange);
    uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET | (sending ? (uint32_t)EPOLLOUT : 0);
    struct epoll_event event = {.events = events, .data.ptr = c};

    check(epoll_ctl(loop, how, c->exchange.fd, &event), "epoll_ctl");
}

/* A request, or the attempt to get a connection, has come to its end. */
static void
settle(struct client *c, enum outcome outcome, int64_t now)
{
    if (now > window_end)
        return; /* it stays in flight */
    result->outcomes[outcome]++;
    if (c->state == ASKING)
        result->bytes_moved += c->exchange.sent + c->exchange.received;
    if (plan->visits || outcome != ANSWERED)
        close_connection(&c->exchange);
    if (outcome == ANSWERED) {
        histogram_record(&result->latencies, (uint64_t)(now - c->since));
        c->answered++;
        ask(c, now);
    } else {
        enter(c, plan->visits ? RESTING : GONE, now);
    }
}

static void
connect_to_stay(struct client *c, int64_t now)
{
    enum outcome outcome;

    enter(c, CONNECTING, now);
    outcome = open_connection(&c->exchange);
    if (outcome == IN_FLIGHT)
        watch(c, EPOLL_CTL_ADD);
    else
        settle(c, outcome, now);
}

/* The next request; for a visitor, with a connection of its own. */
static void
ask(struct client *c, int64_t now)
{
    uint64_t number = (uint64_t)(c - clients) << 32 | c->asked++;
    enum outcome outcome = IN_FLIGHT;

    enter(c, ASKING, now);
    if (plan->visits)
        outcome = open_connection(&c->exchange);
    begin_request(&c->exchange, number);
    if (outcome == IN_FLIGHT)
        outcome = send_rest(&c->exchange); /* on loopback the connection stands already */
    if (watch_tracing())
        trace(c, false, now, now_ns());
    if (outcome != IN_FLIGHT)
        settle(c, outcome, now);
    else if (plan->visits)
        watch(c, EPOLL_CTL_ADD);
    else if (!all_sent(&c->exchange))
        watch(c, EPOLL_CTL_MOD);
}

static void
advance(struct client *c, uint32_t events)
{
    enum outcome outcome;

    if (c->state == CONNECTING && events & EPOLLOUT)
        enter(c, READY, now_ns()); /* or it failed: then receive() finds out how */
    outcome = send_rest(&c->exchange);
    if (outcome == IN_FLIGHT && events & ~(uint32_t)EPOLLOUT)
        outcome = receive(&c->exchange);
    if (outcome == IN_FLIGHT)
        watch(c, EPOLL_CTL_MOD);
    else
        settle(c, outcome, now_ns());
}

static void
look_after(struct client *c, int64_t now)
{
    int64_t waited = now - c->since;

    if (c->state == RESTING && waited > REST_MS * NS_PER_MS)
        ask(c, now);
    else if ((c->state == CONNECTING || c->state == ASKING) && waited > plan->patience)
        settle(c, c->state == CONNECTING || c->exchange.sent == 0 ? CONNECT_ERROR : TIMEOUT, now);
}

/* ---- all of them ---- */

static void
show_progress(int64_t now)
{
    static int64_t shown;

    if (!plan->progress || now - shown < NS_PER_SECOND / 5)
        return;
    shown = now;
    if (connecting > 0)
        fprintf(stderr, "\r\033[K  %d of %d are still connecting", connecting, plan->clients);
    else if (window_end != INT64_MAX) /* all may be connected before the window begins */
        fprintf(stderr, "\r\033[K  %.1f s to go, %" PRIu64 " answers",
                (double)(window_end - now) / NS_PER_SECOND, result->outcomes[ANSWERED]);
}

/* Takes what has happened, waiting `ms` at most for something to happen. Returns the time. */
static int64_t
turn(int ms)
{
    static int64_t next_look;
    struct epoll_event events[AT_ONCE];
    int n = epoll_wait(loop, events, AT_ONCE, ms);
    int64_t now;

    for (int i = 0; i < n; i++)
        advance(events[i].data.ptr, events[i].events);
    now = now_ns();
    if (now < next_look || now > window_end)
        return now;
    for (int i = 0; i < plan->clients; i++)
        look_after(&clients[i], now);
    show_progress(now);
    next_look = now + LOOK_MS * NS_PER_MS;
    return now;
}

/* A few at a time, so that the first need not wait for us until the last has been started. */
static void
everybody(void (*begin)(struct client *, int64_t), enum state from)
{
    for (int i = 0; i < plan->clients; i++) {
        if (clients[i].state == from)
            begin(&clients[i], now_ns());
        if (i % AT_ONCE == AT_ONCE - 1 && turn(0) > window_end)
            return;
    }
}

static int64_t
cpu_used(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage); /* cannot fail for oneself */
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* Returns when the window was over: at its end, unless nobody was left before. */
static int64_t
measure(int64_t begin)
{
    int64_t now = begin;

    window_end = begin + plan->window;
    everybody(ask, plan->visits ? GONE : READY);
    while (now < window_end && gone < plan->clients)
        now = turn(LOOK_MS);
    return now < window_end ? now : window_end;
}

static void
sum_up(int64_t end)
{
    result->fewest = UINT64_MAX;
    for (struct client *c = clients; c < clients + plan->clients; c++) {
        result->answered += c->answered > 0;
        if (c->answered < result->fewest)
            result->fewest = c->answered;
        if (c->answered > result->most)
            result->most = c->answered;
        trace(c, true, c->since, end);
        if (c->state != ASKING)
            continue;
        result->outcomes[IN_FLIGHT]++;
        result->bytes_moved += c->exchange.sent + c->exchange.received;
        if (end - c->since > result->oldest)
            result->oldest = end - c->since;
    }
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        result->failures += result->outcomes[i];
}

void
run_clients(const struct plan *the_plan, struct result *the_result)
{
    int64_t begin, end, cpu;

    plan = the_plan;
    result = the_result;
    prepare_exchanges((const struct sockaddr *)&plan->server, plan->server_len, plan->bytes);
    loop = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    clients = calloc((size_t)plan->clients, sizeof *clients);
    if (!clients)
        fail("calloc", NULL);
    gone = plan->clients;
    for (int i = 0; i < plan->clients; i++)
        clients[i].exchange.fd = -1;
    for (int i = 1; i <= plan->clients && i <= LANES; i++) {
        char name[16];

        snprintf(name, sizeof name, "c%d", i);
        watch_name_lane(i, name);
    }

    window_end = INT64_MAX;
    if (!plan->visits)
        everybody(connect_to_stay, GONE);
    while (connecting > 0)
        turn(LOOK_MS);

    cpu = cpu_used();
    begin = now_ns();
    end = measure(begin);
    result->cpu = cpu_used() - cpu;
    result->window = end - begin;
    sum_up(end);

    if (plan->progress)
        fprintf(stderr, "\r\033[K");
    for (int i = 0; i < plan->clients; i++)
        close_connection(&clients[i].exchange);
    close(loop);
    free(clients);
}
