/*
 * histogram.c - prints percentiles of the numbers on standard input, by lib/histogram
 *
 * Run:    seq 1000 | build/tests/histogram
 *
 * A line for each tenth of a percent from 0.1 to 100; then the mean, the maximum and how many
 * there were. Every second number goes to a histogram of its own, merged with the first at
 * the end.
 */
#include "histogram.h"
#include "args.h"

#include <inttypes.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    static struct histogram halves[2];
    uint64_t value;

    parse_args(argc, argv, NULL, "");
    for (int i = 0; scanf("%" SCNu64, &value) == 1; i = !i)
        histogram_record(&halves[i], value);
    histogram_merge(&halves[0], &halves[1]);
    for (int tenths = 1; tenths <= 1000; tenths++)
        printf("%" PRIu64 "\n", histogram_percentile(&halves[0], tenths / 10.0));
    printf("mean %" PRIu64 "\nmax %" PRIu64 "\ncount %" PRIu64 "\n", histogram_mean(&halves[0]),
           halves[0].max, halves[0].count);
    return 0;
}
