/*
 * histogram.c - prints what lib/histogram says of the numbers on standard input
 *
 * Run:    seq 1000 | build/tests/histogram
 *
 * A line for each tenth of a percent from 0.1 to 100; then p99.99, min, max, mean, stdev and how
 * many there were; then a line for each filled bucket: from, to, count, seen. The numbers go to
 * three histograms in turn, merged at the end.
 */
#include "histogram.h"
#include "args.h"

#include <inttypes.h>
#include <stdio.h>

enum { PARTS = 3 };

int
main(int argc, char **argv)
{
    static struct histogram parts[PARTS], all;
    uint64_t value;

    parse_args(argc, argv, NULL, "");
    for (int i = 0; scanf("%" SCNu64, &value) == 1; i = (i + 1) % PARTS)
        histogram_record(&parts[i], value);
    for (int i = 0; i < PARTS; i++)
        histogram_merge(&all, &parts[i]);
    for (int tenths = 1; tenths <= 1000; tenths++)
        printf("%" PRIu64 "\n", histogram_percentile(&all, tenths / 10.0));
    printf("p99.99 %" PRIu64 "\nmin %" PRIu64 "\nmax %" PRIu64 "\nmean %" PRIu64 "\nstdev %" PRIu64
           "\ncount %" PRIu64 "\n",
           histogram_percentile(&all, 99.99), all.min, all.max, histogram_mean(&all),
           histogram_stdev(&all), all.count);
    for (struct filled_bucket b = {0}; next_filled_bucket(&all, &b);)
        printf("bucket %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b.from, b.to, b.count,
               b.seen);
    return 0;
}
