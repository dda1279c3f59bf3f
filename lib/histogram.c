#include "histogram.h"

/* 2,048 is 12 bits: longer values lose their low bits until 11 are left, 1,024 to 2,047. */
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

static uint64_t
highest_in(int bucket)
{
    int lost = bucket < 2 * PER_DOUBLING ? 0 : bucket / PER_DOUBLING - 1;
    uint64_t kept = (uint64_t)(bucket - lost * PER_DOUBLING);

    return ((kept + 1) << lost) - 1;
}

void
histogram_record(struct histogram *h, uint64_t value)
{
    h->count++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
    h->buckets[bucket_of(value)]++;
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    into->sum += from->sum;
    if (from->max > into->max)
        into->max = from->max;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t
histogram_percentile(const struct histogram *h, double percent)
{
    double wanted = percent * (double)h->count / 100;
    uint64_t seen = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return highest_in(i) < h->max ? highest_in(i) : h->max;
    }
    return h->max;
}

uint64_t
histogram_mean(const struct histogram *h)
{
    return h->count ? h->sum / h->count : 0;
}
