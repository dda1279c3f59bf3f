/*
 * signals-as-events - an echo server to which a signal is an event like any other
 *
 * Shows:  three kinds of event, I/O, signals and timers, in one loop: each is a descriptor that
 *         becomes readable. What is done about a signal is ordinary code, not a handler's.
 * Run:    build/04-anatomy/signals-as-events -p 8000
 *         build/04-anatomy/signals-as-events -m self-pipe -t 2 -p 8000
 * Watch:  kill -HUP PID: a child reports how many events there were, and its end is an event, too.
 *         kill PID: a peer that takes what it is owed within a second is not cut off.
 * Book:   04-anatomy, "Signals as events"
 */
#include "args.h"
#include "error.h"
#include "net.h"
#include "peers.h"
#include "report.h"
#include "signals.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { SIGNALS, TIMER, LISTENER, FIRST_PEER }; /* the places in `watched` */

static struct pollfd watched[FIRST_PEER + MOST_PEERS];
static int (*next_signal)(int fd);
static bool stopping, too_late;
static struct counts events;

/* ---- signals ---- */

static void
set_timer(long seconds, long again)
{
    struct itimerspec when = {.it_value.tv_sec = seconds, .it_interval.tv_sec = again};

    check(timerfd_settime(watched[TIMER].fd, 0, &when, NULL), "timerfd_settime");
}

/* No more peers; and those that are there have a second to take what they are owed. */
static void
begin_to_stop(void)
{
    stopping = true;
    close(watched[LISTENER].fd);
    watched[LISTENER].fd = -1; /* poll() passes over it */
    peers_stop();
    set_timer(1, 0);
}

static void
on_signals(void)
{
    int signal;

    while ((signal = next_signal(watched[SIGNALS].fd)) != 0) {
        events.signals++;
        if (signal == SIGHUP)
            report_in_a_child(&events);
        else if (signal == SIGCHLD)
            reap();
        else if (!stopping)
            begin_to_stop();
    }
}

/* ---- timers ---- */

static void
on_timer(void)
{
    uint64_t times; /* how often it has expired since the last read */

    if (read(watched[TIMER].fd, &times, sizeof times) != sizeof times)
        return;
    events.timers++;
    if (stopping)
        too_late = true;
    else
        report("timer", &events);
}

/* ---- all of them ---- */

static void
wait_and_serve(void)
{
    nfds_t peers = peers_count();

    watched[LISTENER].events = peers < MOST_PEERS ? POLLIN : 0;
    peers_wanted(&watched[FIRST_PEER]);
    if (poll(watched, FIRST_PEER + peers, -1) == -1)
        return; /* EINTR: then there is something in the self-pipe now */
    for (nfds_t i = 0; i < peers; i++)
        if (watched[FIRST_PEER + i].revents) {
            events.io++;
            peers_serve(i, watched[FIRST_PEER + i]);
        }
    peers_see_off();
    if (watched[LISTENER].revents) {
        events.io++;
        peers_welcome(watched[LISTENER].fd);
    }
    if (watched[SIGNALS].revents)
        on_signals();
    if (watched[TIMER].revents)
        on_timer();
}

int
main(int argc, char **argv)
{
    const char *way = "signalfd", *seconds = "0";
    const struct own_option own[] = {
        {'m', "WAY", "to hear of signals: signalfd or self-pipe (signalfd)", &way},
        {'t', "SECONDS", "report every so often on stderr (0: never)", &seconds},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    long every = parse_number(seconds, 0, 86400, "SECONDS");
    bool by_pipe = strcmp(way, "self-pipe") == 0;
    int listener, signals, timer;
    sigset_t wanted;

    if (!by_pipe && strcmp(way, "signalfd") != 0)
        return fprintf(stderr, "signals-as-events: WAY must be signalfd or self-pipe\n"), 2;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    listener = tcp_listen(args.address, args.port);
    signals = by_pipe ? open_self_pipe(&wanted) : open_signalfd(&wanted);
    next_signal = by_pipe ? next_from_self_pipe : next_from_signalfd;
    timer = check(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create");
    watched[SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
    watched[TIMER] = (struct pollfd){.fd = timer, .events = POLLIN};
    watched[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    set_nonblocking(listener);
    set_timer(every, every);
    announce(listener);
    while (!too_late && (!stopping || peers_count() > 0))
        wait_and_serve();
    return 0;
}
