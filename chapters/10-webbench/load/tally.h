/*
 * tally.h - what comes of requests is counted, and when
 */
#pragma once

#include "client.h"

/* The sample of the second in which `now` is; there may have been idle ones before. */
struct sample *sample_at(struct worker *w, int64_t now);

/* Counts a connection that was lost, or never made, while nothing was asked on it. */
void count_idle(struct worker *w, enum outcome outcome, int64_t now);

/* The oldest request of client `c` has come to its end: counts it where it belongs. */
void settle(struct worker *w, struct client *c, enum outcome outcome, int64_t now);
