#include "histogram.h"

#include <float.h>

/* 2,048 has 12 bits: from there on values lose low bits until 11 are left, 1,024 to 2,047. */
enum { BITS_KEPT = 11, PER_DOUBLING = 1 << (BITS_KEPT - 1) };

static int
bits_lost(uint64_t value)
{
    int bits = 64 - __builtin_clzll(value | 1);

    return bits > BITS_KEPT ? bits - BITS_KEPT : 0;
}

/* Buckets follow each other without a gap: 2,047 is the last with no bit lost, then 2,048. */
static int
bucket_of(uint64_t value)
{
    int lost = bits_lost(value);

    return lost * PER_DOUBLING + (int)(value >> lost);
}

static int
bits_lost_in(int bucket)
{
    return bucket < 2 * PER_DOUBLING ? 0 : bucket / PER_DOUBLING - 1;
}

static uint64_t
lowest_in(int bucket)
{
    int lost = bits_lost_in(bucket);

    return (uint64_t)(bucket - lost * PER_DOUBLING) << lost;
}

static uint64_t
highest_in(int bucket)
{
    return lowest_in(bucket) + ((UINT64_C(1) << bits_lost_in(bucket)) - 1);
}

void
histogram_record(struct histogram *h, uint64_t value)
{
    if (value < h->min || h->count == 0)
        h->min = value;
    if (value > h->max)
        h->max = value;
    h->count++;
    h->sum += value;
    h->buckets[bucket_of(value)]++;
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count > 0 && (from->min < into->min || into->count == 0))
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->count += from->count;
    into->sum += from->sum;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

/* The first bucket begins, and the last one ends, where the values do. */
bool
next_filled_bucket(const struct histogram *h, struct filled_bucket *b)
{
    int i = b->next;

    while (i < HISTOGRAM_BUCKETS && h->buckets[i] == 0)
        i++;
    if (i == HISTOGRAM_BUCKETS)
        return false;
    b->from = lowest_in(i) > h->min ? lowest_in(i) : h->min;
    b->to = highest_in(i) < h->max ? highest_in(i) : h->max;
    b->count = h->buckets[i];
    b->seen += b->count;
    b->next = i + 1;
    return true;
}

uint64_t
histogram_percentile(const struct histogram *h, double percent)
{
    /* 99.9 % of 41,000 is 40,959; in doubles it comes to a hair more, which is not meant. */
    double wanted = percent * (double)h->count / 100 * (1 - 2 * DBL_EPSILON);

    for (struct filled_bucket b = {0}; next_filled_bucket(h, &b);)
        if ((double)b.seen >= wanted)
            return b.to;
    return h->max;
}

uint64_t
histogram_mean(const struct histogram *h)
{
    return h->count ? h->sum / h->count : 0;
}

/* Newton's method: from a first guess that is too large it comes down, ever more slowly. */
static double
square_root(double x)
{
    double next = x + 1, root;

    do {
        root = next;
        next = (root + x / root) / 2;
    } while (root - next > 0.001);
    return root;
}

uint64_t
histogram_stdev(const struct histogram *h)
{
    double mean = h->count ? (double)h->sum / (double)h->count : 0, squares = 0;

    for (struct filled_bucket b = {0}; next_filled_bucket(h, &b);) {
        double distance = (double)b.from / 2 + (double)b.to / 2 - mean;

        squares += (double)b.count * distance * distance;
    }
    return h->count ? (uint64_t)square_root(squares / (double)h->count) : 0;
}
