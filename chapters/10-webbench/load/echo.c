/*
 * echo.c - what is sent comes back
 *
 * Messages are stretches of one pool of random bytes: nothing has to be made or kept for a
 * request, and an answer meant for another client, or for an earlier request, is of another
 * stretch and differs at once.
 */
#include "clients.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

enum { POOL_BITS = 12 }; /* 4,096 different messages */

static size_t bytes; /* the length of a message */
static char *pool;   /* where all messages are */

static void
prepare(const struct plan *plan)
{
    size_t len = (1 << POOL_BITS) + plan->bytes;
    uint64_t random = 1;

    bytes = plan->bytes;
    pool = malloc(len);
    if (!pool)
        fail("malloc", NULL);
    for (size_t i = 0; i < len; i++) { /* the generator of rand48(3) */
        random = (random * UINT64_C(0x5DEECE66D) + 11) & ((UINT64_C(1) << 48) - 1);
        pool[i] = (char)(random >> 40);
    }
}

/*
 * Multiplying by 2^64 over the golden ratio spreads numbers that follow each other over the
 * pool: Knuth, The Art of Computer Programming, volume 3, section 6.4.
 */
static void
ask(struct exchange *x, uint64_t number)
{
    x->message = pool + (number * UINT64_C(0x9E3779B97F4A7C15) >> (64 - POOL_BITS));
    x->received = 0;
    x->out = x->message;
    x->out_left = bytes;
    x->unanswered = 1;
}

/*
 * Nobody may answer what was not asked: more bytes than are due, even one when nothing is,
 * are as wrong as other bytes.
 */
static enum outcome
take(struct exchange *x, const char *came, size_t len, size_t *used)
{
    *used = len;
    if (x->unanswered == 0 || len > bytes - x->out_left - x->received ||
        memcmp(came, x->message + x->received, len) != 0)
        return WRONG_BYTES;
    x->received += len;
    if (x->received < bytes)
        return IN_FLIGHT;
    x->unanswered = 0;
    return ANSWERED;
}

static enum outcome
end(struct exchange *x)
{
    (void)x;
    return CLOSED_EARLY;
}

const struct protocol echo = {.prepare = prepare, .ask = ask, .take = take, .end = end};
