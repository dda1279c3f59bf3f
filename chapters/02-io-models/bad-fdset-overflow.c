/*
 * bad-fdset-overflow.c - descriptor 1024 is put into an fd_set
 *
 * Shows:  an fd_set has FD_SETSIZE = 1,024 bits, whatever the limit on descriptors is. FD_SET()
 *         does not look: it sets a bit in what lies behind it. select() writes there, too.
 * Run:    build/02-io-models/bad-fdset-overflow
 *         build/02-io-models/bad-fdset-overflow -n 1023
 * Watch:  it finds what it waits for, and has overwritten something else.
 * Twin:   waits-for-1024.c
 * Book:   02-io-models, "What goes wrong"
 */
#include "args.h"
#include "error.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

enum { CANARY = 0x5afe5afe };

static struct {
    fd_set watched;
    volatile long canary; /* lies behind it, and nobody should touch it */
} memory = {.canary = CANARY};

/* Returns a copy of descriptor `fd` that has the number `number`. */
static int
numbered(int fd, int number)
{
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    return check(dup2(fd, number), "dup2");
}

static int
wait_for(int fd)
{
    FD_SET(fd, &memory.watched);
    return check(select(fd + 1, &memory.watched, NULL, NULL, NULL), "select");
}

int
main(int argc, char **argv)
{
    const char *number = "1024";
    const struct own_option own[] = {{'n', "NUMBER", "of the descriptor (1024)", &number}, {0}};
    int ends[2], fd, ready;

    parse_args(argc, argv, own, "");
    check(pipe(ends), "pipe");
    fd = numbered(ends[0], (int)parse_number(number, 10, 1050, "NUMBER"));
    check((int)write(ends[1], "x", 1), "write");
    ready = wait_for(fd);
    printf("descriptor %d: %d ready; what lay beside it is %s\n", fd, ready,
           memory.canary == CANARY ? "as it was" : "overwritten");
    return memory.canary != CANARY;
}
