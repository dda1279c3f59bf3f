/*
 * bad-average-latency.c - a client that tells what an answer takes on average
 *
 * Shows:  of a hundred answers one takes 100 ms, the others next to nothing: 1 ms on average.
 * Nobody has waited for 1 ms; whoever has waited for 100 does not occur. Run:
 * build/10-webbench/pauses -p 8000 -n 100 -s 100 & build/10-webbench/bad-average-latency 127.0.0.1
 * 8000 Watch:  the same mistake in better clothes: the average of the percentiles of ten threads,
 * or of ten seconds, is no percentile of anything. Histograms can be added, percentiles cannot.
 * Twin:   closed-loop.c
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
    printf("%9.3f   ms on average\n", (double)histogram_mean(&latencies) / NS_PER_MS);
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
