/*
 * closed-loop.c - a client that asks, waits for the answer, and asks again
 *
 * Shows:  what the answers took cannot be said in one number. Half of them are quicker than the
 *         first figure, one of a hundred is slower than the third; and who gets a hundred answers
 *         for one page meets that one in two pages of three.
 * Run:    build/10-webbench/pauses -p 8000 -n 100 -s 100 &
 *         build/10-webbench/closed-loop 127.0.0.1 8000
 * Watch:  99 % and 99.9 %: a percentile, too, says nothing about what is rarer than itself.
 * Breaks: bad-average-latency.c; and while it waits it does not ask: open-loop.c
 * Book:   10-webbench, "Averages"
 */
#include "args.h"
#include "ask.h"
#include "clock.h"
#include "histogram.h"

#include <stdio.h>

static struct histogram latencies;

static void
tell(void)
{
    static const double percents[] = {50, 90, 99, 99.9, 100};

    printf("%9s%9s%9s%9s%9s   took no more than so many ms\n", "50 %", "90 %", "99 %", "99.9 %",
           "all");
    for (int i = 0; i < 5; i++)
        printf("%9.3f", (double)histogram_percentile(&latencies, percents[i]) / NS_PER_MS);
    printf("\n");
}

int
main(int argc, char **argv)
{
    const char *count = "1000";
    const struct own_option own[] = {{'n', "REQUESTS", "how often it asks (1000)", &count}, {0}};
    char **operands = parse_args(argc, argv, own, "HOST PORT");
    long requests = parse_number(count, 1, 100000000, "REQUESTS");
    int fd = tcp_connect(operands[0], operands[1]);

    for (long i = 0; i < requests; i++) {
        int64_t asked = now_ns();

        ask(fd);
        histogram_record(&latencies, (uint64_t)(now_ns() - asked));
    }
    tell();
    return 0;
}
