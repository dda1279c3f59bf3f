/*
 * histogram.c - prints percentiles of the numbers on standard input, by lib/histogram
 *
 * Run:    seq 1000 | build/tests/histogram 50 99.9
 *
 * One line each: the percentiles asked for, then the mean, the maximum and how many there
 * were. Every second number goes to a histogram of its own, merged into the first at the end.
 */
#include "histogram.h"
#include "args.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    char **percents = parse_args(argc, argv, NULL, "PERCENT [PERCENT] [PERCENT] [PERCENT]");
    static struct histogram halves[2];
    uint64_t value;

    for (int i = 0; scanf("%" SCNu64, &value) == 1; i = !i)
        histogram_record(&halves[i], value);
    histogram_merge(&halves[0], &halves[1]);
    for (; *percents; percents++)
        printf("%" PRIu64 "\n", histogram_percentile(&halves[0], atof(*percents)));
    printf("%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n", histogram_mean(&halves[0]), halves[0].max,
           halves[0].count);
    return 0;
}
