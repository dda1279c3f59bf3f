/*
 * pauses.c - an echo server that is fast, but for a pause now and then
 *
 * Shows:  what a collection of garbage, a full disk or a greedy neighbour does to a server: for a
 *         second it answers nobody; before and after it is as quick as ever.
 * Run:    build/10-webbench/pauses -p 8000                  (2 s of work, 1 s of pause, and so on)
 *         build/10-webbench/pauses -p 8000 -n 100 -s 100    (before each hundredth answer 100 ms)
 * Watch:  build/10-webbench/load -c 1 -t 4 127.0.0.1 8000: one answer was late, and only `max`
 *         tells. Then with -R 1000 as well: a quarter of all was due in the pause, and p90 tells.
 * Book:   10-webbench, "The pause nobody saw"
 */
#include "args.h"
#include "clock.h"
#include "one-loop.h"

#include <stdio.h>

static long pause_ms, every_ms, nth;
static int peers;
static int64_t works_since;
static unsigned long messages, pauses;

/* With the first of them time begins, so that who measures knows when the pause will be. */
static void
start(void *state)
{
    (void)state;
    if (peers++ == 0)
        works_since = now_ns();
}

static void
end(void *state)
{
    (void)state;
    peers--;
}

static bool
is_due(void)
{
    if (nth)
        return ++messages % (unsigned long)nth == 0;
    return now_ns() - works_since >= every_ms * NS_PER_MS;
}

/* What one read() has brought is taken for a message; for short ones on loopback it is one. */
static enum feed
feed(void *state, struct buffer *in, struct buffer *out)
{
    if (buffer_length(in) > 0 && is_due()) {
        sleep_ms(pause_ms);
        works_since = now_ns();
        pauses++;
    }
    return echo_protocol.feed(state, in, out);
}

static void
late(void *state, struct buffer *out)
{
    (void)state;
    (void)out;
}

int
main(int argc, char **argv)
{
    static const struct protocol echo_with_pauses = {
        .name = "echo", .state_size = 1, .start = start, .feed = feed, .late = late, .end = end};
    const char *pause = "1000", *every = "2000", *count = "0", *verbose = NULL;
    const struct own_option own[] = {
        {'s', "MS", "how long a pause is (1000)", &pause},
        {'e', "MS", "how long it works, from the first peer on and in between (2000)", &every},
        {'n', "N", "instead: a pause before each Nth answer", &count},
        {'v', NULL, "tell at the end how many pauses there were", &verbose},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port);

    pause_ms = parse_number(pause, 0, 60000, "MS");
    every_ms = parse_number(every, 1, 3600000, "MS");
    nth = parse_number(count, 0, 1000000000, "N");
    stop_on_signals(listener);
    announce(listener);
    serve(listener, &echo_with_pauses);
    if (verbose)
        fprintf(stderr, "%lu pauses\n", pauses);
    return 0;
}
