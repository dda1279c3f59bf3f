/*
 * histogram.h - how often each value occurred, in bounded memory, to three digits
 *
 * A million latencies need not be kept to know their 99th percentile: it is enough to
 * count how many fell into each of some narrow buckets. Here values below 2,048 have a
 * bucket each; from there on every doubling of the value is cut into 1,024 equal
 * buckets, so a bucket is never wider than a thousandth of what is in it: three
 * significant digits from a microsecond to a year. The idea is that of Gil Tene's
 * HdrHistogram. Chapter 10 opens it.
 *
 * A histogram of all zeros is an empty one: `static struct histogram h;`. It is large
 * (440 KiB), so keep it off the stack; what is never touched takes no memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 55 * 1024 };

struct histogram {
    uint64_t count;
    uint64_t sum;      /* of all values: 580 years of nanoseconds fit */
    uint64_t min, max; /* exact; 0 and 0 if nothing was recorded */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Counts one value; any will do. The unit is the caller's. */
void histogram_record(struct histogram *h, uint64_t value);

/* Adds to `into` all that `from` has counted, as if it had been recorded there. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The smallest value that `percent` of all values do not exceed (0 < percent <= 100),
 * rounded up to the end of its bucket: at most a thousandth too large, never too small.
 * 0 if nothing was recorded.
 */
uint64_t histogram_percentile(const struct histogram *h, double percent);

/* 0 if nothing was recorded. The fraction is cut off. */
uint64_t histogram_mean(const struct histogram *h);

/*
 * The standard deviation of the values recorded: the root of their mean squared distance to the
 * mean. It comes from the buckets, as the percentiles do, so that recording a value costs no
 * more: at most a thousandth of mean and deviation together off. 0 if nothing was recorded.
 */
uint64_t histogram_stdev(const struct histogram *h);

/*
 * A bucket that is not empty. All of them, from the smallest values up:
 *
 *     for (struct filled_bucket b = {0}; next_filled_bucket(h, &b);)
 */
struct filled_bucket {
    uint64_t from, to; /* no value in it is below `from` or above `to` */
    uint64_t count;    /* of values in it */
    uint64_t seen;     /* of values in it and in all before it */
    int next;          /* where to go on */
};

/* False when there is none after b. */
bool next_filled_bucket(const struct histogram *h, struct filled_bucket *b);
