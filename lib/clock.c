#include "clock.h"

#include <errno.h>
#include <time.h>

int64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

void
sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};

    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        ;
}
