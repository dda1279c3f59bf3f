/*
 * watch-cost.c - what a call costs through lib/watch, and without it
 *
 * Shows:  the linker lets one program have both: read() is watched, __real_read() is not.
 * Run:    build/lib/watch-cost
 *         COUNT=1 build/lib/watch-cost
 *         TRACE=/tmp/trace.json build/lib/watch-cost
 * Watch:  the difference, not the nanoseconds, which are those of your machine.
 * Book:   How to read this book, "Pictures of waiting"
 */
#include "clock.h"
#include "error.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUNDS = 2000, CALLS = 400 };

ssize_t __real_read(int fd, void *buf, size_t len);

/* The nanoseconds of one call, on average over CALLS. */
static double
cost_of(ssize_t (*call)(int, void *, size_t), int fd)
{
    int64_t begin = now_ns();
    char c;

    for (int i = 0; i < CALLS; i++)
        if (call(fd, &c, 1) != 0)
            fail("read", "/dev/null");
    return (double)(now_ns() - begin) / CALLS;
}

int
main(void)
{
    int fd = check(open("/dev/null", O_RDONLY), "open");
    double least = 1e9, least_watched = 1e9;

    for (int i = 0; i < ROUNDS; i++) { /* in turns; the least is the least disturbed */
        double plain = cost_of(__real_read, fd), watched = cost_of(read, fd);

        least = plain < least ? plain : least;
        least_watched = watched < least_watched ? watched : least_watched;
    }
    printf("read() of /dev/null: %.1f ns, watched %.1f ns, %+.1f ns a call\n", least, least_watched,
           least_watched - least);
    return 0;
}
