/*
 * Requests to an io_uring, and syscall(2), by which they are handed over.
 *
 * The requests stand in memory that the program shares with the kernel: we map it, too, and look at
 * them when they are handed over. There a request can be cut short; one that is to fail becomes one
 * to do nothing and say that it failed (Linux 6.10 and later).
 */
#include "watch_inside.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct watched_ring {
    atomic_int key; /* fd + 1; 0: no ring lies here; -1: somebody is at it */
    _Atomic unsigned *head, *tail;
    unsigned *order, mask;
    struct io_uring_sqe *sqes;
    unsigned looked; /* the requests before this one we have seen */
    void *ring;
    size_t ring_size, sqes_size;
} rings[8]; /* of more than eight we know only the first */

/* The place with that key, which becomes `now`; NULL: there is none. */
static struct watched_ring *
find(int key, int now)
{
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        int expected = key;

        if (atomic_compare_exchange_strong(&rings[i].key, &expected, now))
            return &rings[i];
    }
    return NULL;
}

/* A mapping keeps a ring open: what is on the way would stay on the way. */
void
watch_ring_close(int fd)
{
    struct watched_ring *r = fd < 0 ? NULL : find(fd + 1, -1);

    if (!r)
        return;
    munmap(r->ring, r->ring_size);
    munmap(r->sqes, r->sqes_size);
    r->key = 0;
}

static void
get_to_know(int fd, long params)
{
    const struct io_uring_params *p = (const struct io_uring_params *)params;
    const int rw = PROT_READ | PROT_WRITE;
    struct watched_ring *r;
    char *ring;

    watch_ring_close(fd); /* one of that number, whose end we have not seen */
    if (!(r = find(0, -1)))
        return;
    r->ring_size = p->sq_off.array + p->sq_entries * sizeof(unsigned);
    r->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
    r->ring = ring = mmap(NULL, r->ring_size, rw, MAP_SHARED, fd, IORING_OFF_SQ_RING);
    r->sqes = mmap(NULL, r->sqes_size, rw, MAP_SHARED, fd, IORING_OFF_SQES);
    if (ring == MAP_FAILED || r->sqes == MAP_FAILED) {
        r->key = fd + 1;
        watch_ring_close(fd); /* munmap() refuses MAP_FAILED */
        return;
    }
    r->head = (_Atomic unsigned *)(void *)(ring + p->sq_off.head);
    r->tail = (_Atomic unsigned *)(void *)(ring + p->sq_off.tail);
    r->order = (unsigned *)(void *)(ring + p->sq_off.array);
    r->mask = p->sq_entries - 1;
    r->looked = 0;
    r->key = fd + 1;
}

static enum call
call_asked_for(const struct io_uring_sqe *sqe)
{
    switch (sqe->opcode) {
    case IORING_OP_ACCEPT:
        return CALL_accept;
    case IORING_OP_CONNECT:
        return CALL_connect;
    case IORING_OP_READ:
        return CALL_read;
    case IORING_OP_WRITE:
        return CALL_write;
    case IORING_OP_RECV:
        return CALL_recv;
    case IORING_OP_SEND:
        return CALL_send;
    default:
        return NO_CALL;
    }
}

/* Has the kernel say that it went wrong; flag 1 is IORING_NOP_INJECT_RESULT. */
static void
ask_for_failure(struct io_uring_sqe *sqe)
{
    *sqe = (struct io_uring_sqe){.opcode = IORING_OP_NOP,
                                 .len = (unsigned)-errno,
                                 .rw_flags = 1,
                                 .user_data = sqe->user_data};
}

static void
look_at(struct io_uring_sqe *sqe)
{
    enum call call = call_asked_for(sqe);
    bool any_size = sqe->flags & IOSQE_BUFFER_SELECT && sqe->len == 0;
    size_t given = any_size ? 4096 : sqe->len, len = given;

    if (call == NO_CALL)
        return;
    if (watch_plan_fails(call, 1 + atomic_fetch_add(&watch_counts[call].asked, 1), sqe->fd, &len)) {
        watch_counts[call].asked_in_vain += errno == EINTR;
        ask_for_failure(sqe);
    } else if (len != given) {
        sqe->len = (unsigned)len;
        if (call == CALL_recv) /* before Linux 6.16, a multishot one cannot have a length */
            sqe->ioprio &= (unsigned short)~IORING_RECV_MULTISHOT;
    }
}

/* As many of `count` as there are, but for those that we saw and the kernel did not take. */
static void
look_at_requests(int fd, unsigned count)
{
    int saved_errno = errno;
    struct watched_ring *r = fd < 0 ? NULL : find(fd + 1, fd + 1);
    unsigned head, there;

    if (!r)
        return;
    head = atomic_load_explicit(r->head, memory_order_acquire);
    there = atomic_load_explicit(r->tail, memory_order_acquire) - head;
    if ((int)(r->looked - head) < 0)
        r->looked = head;
    for (; (int)(head + (count < there ? count : there) - r->looked) > 0; r->looked++)
        look_at(&r->sqes[r->order[r->looked & r->mask]]);
    errno = saved_errno;
}

static enum call
call_of(long number)
{
    switch (number) {
    case SYS_io_uring_setup:
        return CALL_io_uring_setup;
    case SYS_io_uring_enter:
        return CALL_io_uring_enter;
    case SYS_io_uring_register:
        return CALL_io_uring_register;
    default:
        return CALL_syscall;
    }
}

/* syscall(2) takes up to six more arguments; missing ones are read from the registers all the
 * same. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

__attribute__((no_sanitize("address"))) /* the sixth may lie where nothing was passed */
long
__wrap_syscall(long number, ...)
{
    struct watched w;
    long a[6], result;
    enum call call;
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (!watch_on)
        return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    call = call_of(number);
    if (watch_before(&w, call, call == CALL_io_uring_enter ? (int)a[0] : -1, NULL)) {
        result = -1;
    } else {
        if (call == CALL_io_uring_enter)
            look_at_requests((int)a[0], (unsigned)a[1]);
        result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (call == CALL_io_uring_setup && result >= 0)
            get_to_know((int)result, a[1]);
    }
    watch_after(&w, result);
    return result;
}
