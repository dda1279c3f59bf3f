/*
 * uring-hello.c - the smallest use of io_uring: a file is read, and nobody here calls read()
 *
 * Shows:  two rings in memory that we share with the kernel. A request is written into one of them,
 *         io_uring_enter() says that it is there, and what has become of it can be read in the
 *         other. Nothing is hidden here; lib/ring.c is the same, put in order.
 * Run:    build/06-proactor/uring-hello Makefile
 * Watch:  strace build/06-proactor/uring-hello Makefile: where is the read?
 * Breaks: bad-forgets-cq-head.c
 * Book:   06-proactor, "The ring"
 */
#include "args.h"
#include "error.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 4, PIECE = 512, PIECES = 12, IN_VAIN = 1000000 };

static int ring;
static struct io_uring_params params; /* where everything lies, as offsets */
static char *rings;                   /* heads and tails, and the results */
static struct io_uring_sqe *requests;

static void *
map(size_t size, off_t what)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, what);

    if (p == MAP_FAILED)
        fail("mmap", NULL);
    return p;
}

static void
open_ring(void)
{
    ring = check((int)syscall(SYS_io_uring_setup, ENTRIES, &params), "io_uring_setup");
    rings = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                IORING_OFF_CQ_RING);
    requests = map(params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    printf("room for %u requests and %u results\n", params.sq_entries, params.cq_entries);
}

/* A head or a tail: a number that only grows. To add moves the tail, to take moves the head. */
static _Atomic unsigned *
number(unsigned offset)
{
    return (_Atomic unsigned *)(void *)(rings + offset);
}

/* What is to be done is written first; then the tail says that it is there. */
static void
prepare(int file, char *buf, unsigned which)
{
    unsigned tail = *number(params.sq_off.tail), place = tail & (params.sq_entries - 1);

    requests[place] = (struct io_uring_sqe){.opcode = IORING_OP_READ,
                                            .fd = file,
                                            .addr = (uintptr_t)buf,
                                            .len = PIECE,
                                            .off = which * PIECE,
                                            .user_data = which};
    *number(params.sq_off.array + place * (unsigned)sizeof(unsigned)) = place;
    atomic_store_explicit(number(params.sq_off.tail), tail + 1, memory_order_release);
    check((int)syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0), "io_uring_enter");
}

/* Sleeps until there is a result, and returns it: what read() would have returned, or -errno. */
static int
complete(const char *buf)
{
    static unsigned head; /* how many we have seen */
    struct io_uring_cqe result;

    for (int asked = 0; head == *number(params.cq_off.tail); asked++) {
        if (asked == IN_VAIN) {
            printf("asked for a result %d times: \"there are some\", but no new one\n", asked);
            exit(1);
        }
        check((int)syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0),
              "io_uring_enter");
    }
    memcpy(&result, rings + params.cq_off.cqes + (head & (params.cq_entries - 1)) * sizeof result,
           sizeof result);
    head++;
    atomic_store_explicit(number(params.cq_off.head), head, memory_order_release);
    printf("user_data %ju, res %d, flags %u: \"%.*s\"\n", (uintmax_t)result.user_data, result.res,
           result.flags, (int)strcspn(buf, "\n"), buf);
    return result.res;
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "FILE"), buf[PIECE + 1];
    int file = open(operands[0], O_RDONLY);

    if (file == -1)
        fail("open", operands[0]);
    open_ring();
    for (unsigned which = 0; which < PIECES; which++) {
        memset(buf, 0, sizeof buf);
        prepare(file, buf, which);
        if (complete(buf) <= 0)
            break;
    }
    return 0;
}
