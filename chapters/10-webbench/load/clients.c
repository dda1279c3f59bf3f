#include "clients.h"

#include "clock.h"
#include "error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LOOK_MS = 20,   /* how often we look for clients that have waited too long */
    REST_MS = 100,  /* a visitor whose visit failed comes back after so long */
    AT_ONCE = 64,   /* events taken, and clients started, in one turn of the loop */
    SOURCES = 1000, /* addresses of our own that connections to 127/8 come from */
    POOL_BITS = 16,
};

enum state {
    GONE,       /* a client without a connection, for good */
    RESTING,    /* a visitor between a failed visit and the next */
    CONNECTING, /* it has to stay; visitors do not wait to be connected but ask at once */
    READY,      /* connected, and nothing asked yet */
    ASKING,     /* the one state in which a request is on its way */
};

struct client {
    int fd;
    enum state state;
    const char *message;   /* what it asks: `bytes` bytes in `pool` */
    size_t sent, received; /* of them; both are `bytes` when nothing is asked */
    int64_t since;         /* when it came into this state */
    uint64_t asked, answered;
};

static const struct plan *plan;
static struct result *result;
static struct client *clients;
static int loop, connecting, gone;
static int64_t window_end;
static char *pool, answer[1 << 16];

static void ask(struct client *c, int64_t now);

/* ---- messages ---- */

/*
 * Messages are stretches of one pool of random bytes: nothing has to be made or kept for a
 * request, and an answer meant for another client, or for an earlier request, is of another
 * stretch and differs at once. Multiplying by 2^64 over the golden ratio spreads numbers that
 * follow each other (Knuth, The Art of Computer Programming, volume 3, 6.4).
 */
static const char *
next_message(struct client *c)
{
    uint64_t number = (uint64_t)(c - clients) << 32 | c->asked++;

    return pool + (number * UINT64_C(0x9E3779B97F4A7C15) >> (64 - POOL_BITS));
}

static void
fill_pool(void)
{
    size_t len = (1 << POOL_BITS) + plan->bytes;
    uint64_t random = 1;

    pool = malloc(len);
    if (!pool)
        fail("malloc", NULL);
    for (size_t i = 0; i < len; i++) { /* the generator of rand48(3) */
        random = (random * UINT64_C(0x5DEECE66D) + 11) & ((UINT64_C(1) << 48) - 1);
        pool[i] = (char)(random >> 40);
    }
}

/* ---- how a request ends ---- */

static enum outcome
failure(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REFUSED;
    case EADDRNOTAVAIL:
        return NO_PORT;
    case EMFILE:
    case ENFILE:
        return NO_DESCRIPTOR;
    case ECONNRESET:
        return RESET;
    case EPIPE: /* we had seen its FIN, and sent, and it did not take that */
        return CLOSED_EARLY;
    default:
        return CONNECT_ERROR;
    }
}

static void
enter(struct client *c, enum state state, int64_t now)
{
    connecting += (state == CONNECTING) - (c->state == CONNECTING);
    gone += (state == GONE) - (c->state == GONE);
    c->state = state;
    c->since = now;
}

static void
hang_up(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* A request, or the attempt to get a connection, has come to its end. */
static void
settle(struct client *c, enum outcome outcome, int64_t now)
{
    if (now > window_end)
        return; /* too late to count: it stays in flight */
    result->outcomes[outcome]++;
    if (outcome == ANSWERED) {
        c->answered++;
        histogram_record(&result->latencies, (uint64_t)(now - c->since));
    }
    if (plan->visits || outcome != ANSWERED)
        hang_up(c);
    if (outcome == ANSWERED)
        ask(c, now);
    else
        enter(c, plan->visits ? RESTING : GONE, now);
}

/* ---- moving bytes ---- */

static enum outcome
send_rest(struct client *c)
{
    while (c->sent < plan->bytes) {
        ssize_t n = send(c->fd, c->message + c->sent, plan->bytes - c->sent, MSG_NOSIGNAL);

        if (n == -1)
            return errno == EAGAIN ? IN_FLIGHT : failure(errno);
        c->sent += (size_t)n;
        result->bytes_moved += (size_t)n;
    }
    return IN_FLIGHT;
}

/*
 * Nobody may answer what was not asked: more bytes than are due, even one when nothing is,
 * are as wrong as other bytes.
 */
static enum outcome
receive(struct client *c, bool hung_up)
{
    ssize_t n;

    do {
        n = recv(c->fd, answer, sizeof answer, 0);
        if (n == 0)
            return CLOSED_EARLY;
        if (n == -1)
            return errno == EAGAIN ? IN_FLIGHT : failure(errno);
        result->bytes_moved += (size_t)n;
        if ((size_t)n > c->sent - c->received ||
            memcmp(answer, c->message + c->received, (size_t)n) != 0)
            return WRONG_BYTES;
        c->received += (size_t)n;
        if (c->received == plan->bytes)
            return ANSWERED;
    } while (n == sizeof answer || hung_up); /* less than there was room for: that was all */
    return IN_FLIGHT;
}

static void
advance(struct client *c, uint32_t events)
{
    enum outcome outcome;

    if (c->state == CONNECTING && events & EPOLLOUT)
        enter(c, READY, now_ns()); /* or it failed: then receive() finds out how */
    outcome = send_rest(c);
    if (outcome == IN_FLIGHT && events & ~(uint32_t)EPOLLOUT)
        outcome = receive(c, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
    if (outcome != IN_FLIGHT)
        settle(c, outcome, now_ns());
}

/* ---- connections ---- */

/*
 * A client that closes first keeps its port in TIME_WAIT for a minute, and to one address and
 * port there are only some 28,000 ports to come from: fast visitors would use them up in a
 * second or two. All of 127.0.0.0/8 is this host, so on loopback we come from many addresses.
 * The port is chosen by connect(), which knows which pairs are free. See ip(7).
 */
static void
choose_source(int fd)
{
    static uint32_t number;
    struct sockaddr_in source = {.sin_family = AF_INET};
    int on = 1;

    if (plan->server->sa_family != AF_INET ||
        ntohl(((const struct sockaddr_in *)plan->server)->sin_addr.s_addr) >> 24 != 127)
        return;
    source.sin_addr.s_addr = htonl(0x7f010000 + ++number % SOURCES); /* 127.1.0.0 and up */
    check(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
    check(bind(fd, (struct sockaddr *)&source, sizeof source), "bind");
}

/* Returns IN_FLIGHT: connected, or about to be; else what went wrong. */
static enum outcome
open_connection(struct client *c)
{
    int on = 1;

    c->sent = c->received = plan->bytes;
    c->fd = socket(plan->server->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd == -1)
        return failure(errno);
    choose_source(c->fd);
    check(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    if (connect(c->fd, plan->server, plan->server_len) == -1 && errno != EINPROGRESS)
        return failure(errno);
    return IN_FLIGHT;
}

/* Edge triggered, so that nothing has to be changed while the connection lives: see epoll(7). */
static void
watch(struct client *c, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLRDHUP | EPOLLET, .data.ptr = c};

    check(epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event), "epoll_ctl");
}

static void
connect_to_stay(struct client *c, int64_t now)
{
    enum outcome outcome;

    enter(c, CONNECTING, now);
    outcome = open_connection(c);
    if (outcome == IN_FLIGHT)
        watch(c, EPOLLIN | EPOLLOUT);
    else
        settle(c, outcome, now);
}

/* The next request; for a visitor, with a connection of its own. */
static void
ask(struct client *c, int64_t now)
{
    enum outcome outcome = IN_FLIGHT;

    enter(c, ASKING, now);
    if (plan->visits)
        outcome = open_connection(c);
    c->message = next_message(c);
    c->sent = c->received = 0;
    if (outcome == IN_FLIGHT)
        outcome = send_rest(c); /* on loopback the connection stands already */
    if (outcome == IN_FLIGHT && plan->visits)
        watch(c, c->sent < plan->bytes ? EPOLLIN | EPOLLOUT : EPOLLIN);
    if (outcome != IN_FLIGHT)
        settle(c, outcome, now);
}

/* ---- the loop ---- */

static void
look_after(struct client *c, int64_t now)
{
    int64_t waited = now - c->since;

    if (c->state == RESTING && waited > REST_MS * NS_PER_MS)
        ask(c, now);
    else if ((c->state == CONNECTING || c->state == ASKING) && waited > plan->patience)
        settle(c, c->state == CONNECTING || c->sent == 0 ? CONNECT_ERROR : TIMEOUT, now);
}

static void
show_progress(int64_t left)
{
    static int64_t shown;

    if (!plan->progress || shown == left / (NS_PER_SECOND / 5))
        return;
    shown = left / (NS_PER_SECOND / 5);
    fprintf(stderr, "\r\033[K");
    if (connecting > 0)
        fprintf(stderr, "  %d of %d are still connecting", connecting, plan->clients);
    else if (left > 0)
        fprintf(stderr, "  %.1f s to go, %llu answers", (double)left / NS_PER_SECOND,
                (unsigned long long)result->outcomes[ANSWERED]);
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
    show_progress(window_end - now);
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
        if (i % AT_ONCE == AT_ONCE - 1)
            turn(0);
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
        if (c->state != ASKING)
            continue;
        result->outcomes[IN_FLIGHT]++;
        if (end - c->since > result->oldest)
            result->oldest = end - c->since;
    }
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        result->failures += result->outcomes[i];
}

void
run_clients(const struct plan *the_plan, struct result *the_result)
{
    int64_t begin, now, cpu;

    plan = the_plan;
    result = the_result;
    clients = calloc((size_t)plan->clients, sizeof *clients);
    if (!clients)
        fail("calloc", NULL);
    for (int i = 0; i < plan->clients; i++)
        clients[i].fd = -1;
    gone = plan->clients;
    fill_pool();
    loop = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    window_end = INT64_MAX;
    if (!plan->visits) {
        everybody(connect_to_stay, GONE);
        while (connecting > 0)
            turn(LOOK_MS);
    }

    result->bytes_moved = 0;
    cpu = cpu_used();
    begin = now = now_ns();
    window_end = begin + plan->window;
    everybody(ask, plan->visits ? GONE : READY);
    while (now < window_end && gone < plan->clients)
        now = turn(LOOK_MS);
    if (now > window_end)
        now = window_end;
    result->window = now - begin;
    result->cpu = cpu_used() - cpu;
    sum_up(now);

    for (int i = 0; i < plan->clients; i++)
        hang_up(&clients[i]);
    close(loop);
    free(clients);
    free(pool);
}
