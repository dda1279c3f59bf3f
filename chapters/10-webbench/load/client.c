#include "client.h"

#include "clock.h"
#include "error.h"
#include "tally.h"
#include "watch.h"

#include <errno.h>
#include <sys/epoll.h>

enum { REST_MS = 100 }; /* who has failed tries again after so long */

/* What has come; it is looked at, or copied, at once. Aligned, recv() copies faster. */
static _Thread_local _Alignas(64) char buffer[1 << 16];

/* ---- its state ---- */

void
trace(const struct worker *w, const struct client *c, bool waited, int64_t now)
{
    if (w->tracing && c->number < LANES && (c->state == CONNECTING || c->state == ASKING))
        watch_record((int)c->number + 1, c->state == ASKING ? "answer" : "connect", waited,
                     c->since, now);
}

static void
enter(struct worker *w, struct client *c, enum state state, int64_t now)
{
    trace(w, c, true, now);
    w->connecting += (state == CONNECTING) - (c->state == CONNECTING);
    w->gone += (state == GONE) - (c->state == GONE);
    c->state = state;
    c->since = now;
}

/* ---- the connection ---- */

/*
 * Edge triggered, so that an answer that comes in one piece costs epoll_wait() and recv(), and
 * nothing else: epoll(7). One in more pieces is watched for anew each time (how: EPOLL_CTL_MOD),
 * which tells at once of what is there already: whatever made a call say EAGAIN, nothing is missed.
 */
static void
watch(struct worker *w, struct client *c, int how)
{
    bool sending = c->dialled || c->exchange.out_left > 0;
    uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET | (sending ? (uint32_t)EPOLLOUT : 0);
    struct epoll_event event = {.events = events, .data.ptr = c};

    check(epoll_ctl(w->loop, how, c->exchange.fd, &event), "epoll_ctl");
}

static enum outcome
dial(struct worker *w, struct client *c, int64_t now)
{
    c->dialled = now;
    return open_connection(&c->exchange, (const struct sockaddr *)&w->plan->server,
                           w->plan->server_len);
}

static void
note_connected(struct worker *w, struct client *c, int64_t now)
{
    if (now <= w->window_end)
        histogram_record(&w->result->connects, (uint64_t)(now - c->dialled));
    c->dialled = 0;
}

/* On loopback a connection stands at once, and takes what is sent. */
static enum outcome
send_more(struct worker *w, struct client *c)
{
    uint64_t sent = 0;
    enum outcome outcome = send_rest(&c->exchange, &sent);

    w->result->bytes_sent += sent;
    if (c->dialled && sent > 0)
        note_connected(w, c, now_ns());
    return outcome;
}

static void
hang_up(struct client *c)
{
    close_connection(&c->exchange);
    c->dialled = c->first_byte = 0;
}

/* Is a connection that ends nothing special, because who needs one opens another? */
static bool
reconnects(const struct worker *w)
{
    return w->plan->visits || w->plan->protocol->reconnects;
}

/* The connection is of no use any more: all that was asked on it has come to nothing. */
static void
lose(struct worker *w, struct client *c, enum outcome outcome, int64_t now)
{
    if (c->exchange.unanswered == 0)
        count_idle(w, outcome, now);
    for (unsigned n = c->exchange.unanswered; n > 0; n--)
        settle(w, c, outcome, now);
    hang_up(c);
    enter(w, c, reconnects(w) ? RESTING : GONE, now);
}

void
connect_to_stay(struct worker *w, struct client *c, int64_t now)
{
    enum outcome outcome;

    enter(w, c, CONNECTING, now);
    outcome = dial(w, c, now);
    if (outcome == IN_FLIGHT)
        watch(w, c, EPOLL_CTL_ADD);
    else
        lose(w, c, outcome, now);
}

/* ---- asking ---- */

static bool
may_ask(const struct worker *w, const struct client *c, int64_t now)
{
    return (int)c->exchange.unanswered < w->plan->pipeline && w->left > 0 && now <= w->window_end &&
           c->due <= now;
}

static void
begin_request(struct worker *w, struct client *c, int64_t now)
{
    int at = (c->oldest + (int)c->exchange.unanswered) % w->plan->pipeline;
    struct moments *m = &c->unanswered[at];

    m->begun = m->due = now;
    if (c->due > 0) { /* there is a rate */
        m->due = c->due;
        c->due = due_of_share(w, c, c->asked + 1);
    }
    w->plan->protocol->ask(&c->exchange, (uint64_t)c->number << 32 | c->asked++);
    w->left--;
    w->in_flight++;
}

void
go_on(struct worker *w, struct client *c, int64_t now)
{
    struct exchange *x = &c->exchange;
    unsigned waiting = x->unanswered;
    bool connected = x->fd != -1;
    enum outcome outcome = IN_FLIGHT;

    while (may_ask(w, c, now))
        begin_request(w, c, now);
    if (x->unanswered == 0)
        enter(w, c, READY, now);
    if (x->unanswered > waiting) {
        enter(w, c, ASKING, now);
        if (!connected)
            outcome = dial(w, c, now);
        if (outcome == IN_FLIGHT)
            outcome = send_more(w, c);
        if (w->tracing)
            trace(w, c, false, now_ns());
    }
    if (outcome != IN_FLIGHT)
        lose(w, c, outcome, now_ns());
    else if (x->fd != -1 && !connected)
        watch(w, c, EPOLL_CTL_ADD);
    else if (waiting > 0 || x->out_left > 0)
        watch(w, c, EPOLL_CTL_MOD);
}

/* ---- answers ---- */

/* Takes the `len` bytes that have come. False: then the connection has been lost. */
static bool
take_answers(struct worker *w, struct client *c, size_t len, int64_t now)
{
    const char *bytes = buffer;

    while (len > 0 && !c->exchange.last) {
        size_t used = 0;
        enum outcome outcome = w->plan->protocol->take(&c->exchange, bytes, len, &used);

        if (outcome == IN_FLIGHT) {
            c->first_byte = c->first_byte ? c->first_byte : now;
            return true;
        }
        if (outcome > WRONG_BODY) {
            lose(w, c, outcome, now);
            return false;
        }
        settle(w, c, outcome, now);
        bytes += used;
        len -= used;
    }
    return true;
}

/* The server has ended the connection; that may be how an answer ends. */
static bool
take_end(struct worker *w, struct client *c, int64_t now)
{
    enum outcome outcome;

    if (c->exchange.unanswered == 0 && reconnects(w)) {
        c->exchange.last = true;
        return true;
    }
    outcome = w->plan->protocol->end(&c->exchange);
    if (outcome <= WRONG_BODY)
        settle(w, c, outcome, now);
    else
        lose(w, c, outcome, now);
    return outcome <= WRONG_BODY;
}

static void
receive(struct worker *w, struct client *c, bool ended)
{
    ssize_t n;
    int error;
    int64_t now;
    bool alive = true;

    do
        n = recv(c->exchange.fd, buffer, sizeof buffer, 0);
    while (n == -1 && errno == EINTR);
    error = errno;
    now = now_ns(); /* the one look at the clock that a request costs */
    if (n > 0) {
        w->result->bytes_received += (uint64_t)n;
        w->heard = now;
        alive = take_answers(w, c, (size_t)n, now);
        if (alive && ended && c->exchange.unanswered == 0)
            c->exchange.last = true; /* of which there will be no other event */
    } else if (c->exchange.broken) {
        lose(w, c, c->exchange.broken, now);
        return;
    } else if (n == 0) {
        alive = take_end(w, c, now);
    } else {
        if (error != EAGAIN)
            lose(w, c, failure(error), now);
        else
            watch(w, c, EPOLL_CTL_MOD);
        return;
    }
    if (!alive)
        return;
    if (c->exchange.last || (w->plan->visits && c->exchange.unanswered == 0)) {
        if (c->exchange.unanswered > 0 || !reconnects(w)) {
            lose(w, c, CLOSED_EARLY, now);
            return;
        }
        hang_up(c);
        now = now_ns(); /* closing takes some time, too */
    }
    go_on(w, c, now);
}

void
advance(struct worker *w, struct client *c, uint32_t events)
{
    enum outcome outcome;

    if (c->dialled && events & EPOLLOUT && !(events & EPOLLERR)) {
        note_connected(w, c, now_ns());
        if (c->state == CONNECTING)
            enter(w, c, READY, now_ns());
    }
    if (events & ~(uint32_t)EPOLLOUT) { /* or the connection failed: then it finds out how */
        receive(w, c, events & EPOLLRDHUP);
        return;
    }
    outcome = send_more(w, c);
    if (outcome != IN_FLIGHT)
        lose(w, c, outcome, now_ns());
    else
        watch(w, c, EPOLL_CTL_MOD);
}

void
look_after(struct worker *w, struct client *c, int64_t now)
{
    int64_t patience = w->plan->patience;

    if (c->state == RESTING && now - c->since > REST_MS * NS_PER_MS)
        go_on(w, c, now);
    else if (c->state == CONNECTING && now - c->since > patience)
        lose(w, c, CONNECT_ERROR, now);
    else if (c->state == ASKING && now - c->unanswered[c->oldest].begun > patience)
        lose(w, c, c->dialled ? CONNECT_ERROR : TIMEOUT, now);
}
