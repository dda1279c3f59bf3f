/*
 * client.h - one client: asks, reads to the end, asks again, until the time is up
 */
#pragma once

#include "plan.h"

/* Asks until `deadline`, in nanoseconds of now_ns(), and counts. */
void ask_until(int64_t deadline, const struct plan *plan, struct tally *tally);
