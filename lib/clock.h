/*
 * clock.h - time that only goes forward
 *
 * Times are nanoseconds of CLOCK_MONOTONIC, which no administrator and no NTP
 * daemon sets back. See clock_gettime(2).
 */
#pragma once

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

/* Nanoseconds since some fixed moment in the past. */
int64_t now_ns(void);

/* Sleeps for `ms` milliseconds; a signal does not cut it short. */
void sleep_ms(int64_t ms);
