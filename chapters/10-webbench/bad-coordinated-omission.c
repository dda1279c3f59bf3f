/*
 * bad-coordinated-omission.c - a clock that begins when the request is sent
 *
 * Shows:  while the server pauses this client waits for one answer, and sends nothing. The requests
 *         that were due meanwhile go out when the pause is over, and are answered at once. Client
 *         and server have agreed, without a word, to leave out what would have been slow; Gil Tene
 *         has called it coordinated omission.
 * Run:    build/10-webbench/pauses -p 8000 -e 500 &
 *         build/10-webbench/bad-coordinated-omission 127.0.0.1 8000
 * Watch:  a pause of a second in a run of two, and one request of 2000 has met it.
 * Twin:   open-loop.c
 * Book:   10-webbench, "The pause nobody saw"
 */
#include "args.h"
#include "ask.h"
#include "clock.h"
#include "histogram.h"
#include "watch.h"

#include <stdio.h>
#include <time.h>

enum { LANES = 12 }; /* the picture of a trace has so many, and then begins anew */

static struct histogram latencies;
static long long_ones, limit_ms;

static void
sleep_until(int64_t moment)
{
    struct timespec t = {.tv_sec = moment / NS_PER_SECOND, .tv_nsec = moment % NS_PER_SECOND};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static void
draw(long lane, int64_t since, int64_t now)
{
    char name[32];

    snprintf(name, sizeof name, "request %ld", lane + 1);
    watch_name_lane((int)lane + 1, name);
    watch_record((int)lane + 1, "answer", true, since, now);
}

static void
record(long number, int64_t since, int64_t now)
{
    histogram_record(&latencies, (uint64_t)(now - since));
    long_ones += now - since >= limit_ms * NS_PER_MS;
    draw(number % LANES, since, now);
}

static void
tell(long requests)
{
    static const double percents[] = {50, 90, 99, 99.9, 100};

    printf("%9s%9s%9s%9s%9s   took no more than so many ms\n", "50 %", "90 %", "99 %", "99.9 %",
           "all");
    for (int i = 0; i < 5; i++)
        printf("%9.3f", (double)histogram_percentile(&latencies, percents[i]) / NS_PER_MS);
    printf("\n%ld of %ld took %ld ms or more\n", long_ones, requests, limit_ms);
}

int
main(int argc, char **argv)
{
    const char *per_second = "1000", *count = "2000", *limit = "500";
    const struct own_option own[] = {
        {'r', "RATE", "how many requests are due in a second (1000)", &per_second},
        {'n', "REQUESTS", "how many all in all (2000)", &count},
        {'w', "MS", "count those that took so long or longer (500)", &limit},
        {0}};
    char **operands = parse_args(argc, argv, own, "HOST PORT");
    int64_t interval = NS_PER_SECOND / parse_number(per_second, 1, 1000000, "RATE");
    long requests = parse_number(count, 1, 100000000, "REQUESTS");
    int64_t begin = now_ns();
    int fd = tcp_connect(operands[0], operands[1]);

    limit_ms = parse_number(limit, 1, 60000, "MS");
    for (long i = 0; i < requests; i++) {
        int64_t due = begin + i * interval, sent;

        sleep_until(due); /* not at all, if that is past */
        sent = now_ns();
        ask(fd);
        record(i, sent, now_ns());
    }
    tell(requests);
    return 0;
}
