/*
 * pieces.h - ways to cut bytes into pieces, for the tests and fuzzers of both machines
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The length of the next piece, when `at` of `len` bytes have been given. At least 1. */
struct pieces {
    size_t (*next)(struct pieces *pieces, size_t at, size_t len);
    size_t split;  /* for one_split() */
    uint64_t seed; /* for random_pieces() */
};

/* What must hold whatever the bytes are: a broken promise of the header is a crash. */
static inline void
promised(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static inline size_t
whole(struct pieces *pieces, size_t at, size_t len)
{
    (void)pieces;
    return len - at;
}

static inline size_t
byte_by_byte(struct pieces *pieces, size_t at, size_t len)
{
    (void)pieces, (void)at, (void)len;
    return 1;
}

static inline size_t
one_split(struct pieces *pieces, size_t at, size_t len)
{
    return at < pieces->split ? pieces->split - at : len - at;
}

/* xorshift64: George Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003). */
static inline uint64_t
next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline size_t
random_pieces(struct pieces *pieces, size_t at, size_t len)
{
    size_t most = 1 + next_random(&pieces->seed) % 64, n = 1 + next_random(&pieces->seed) % most;

    return n < len - at ? n : len - at;
}

/* Bytes as C would write them, in < >. */
static inline void
tell_bytes(FILE *out, const char *bytes, size_t len)
{
    putc('<', out);
    for (; len > 0; len--, bytes++) {
        if (*bytes < ' ' || *bytes > '~' || *bytes == '\\')
            fprintf(out, "\\x%02x", (unsigned char)*bytes);
        else
            putc(*bytes, out);
    }
    putc('>', out);
}
