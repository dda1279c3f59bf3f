#include "ring.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Two rings, each with an adder at its tail and a taker at its head; both numbers only grow, and
 * modulo the size of the ring they are places in it.
 *
 *                   adds at the tail    takes from the head
 *     submissions   we                  the kernel
 *     completions   the kernel          we
 *
 * What makes that safe without a lock is the order of two steps on either side. The adder fills the
 * place first and moves the tail afterwards (release); the taker looks at the tail first and reads
 * the place afterwards (acquire): so whoever sees the new tail sees what is behind it. With the
 * head it is the same the other way round: the taker is done reading when it moves the head
 * (release), and the adder looks at the head (acquire) before it writes over the place. Otherwise
 * compiler and CPU would be free to change the order; on x86 the CPU is not, but on ARM it is.
 */
struct ring {
    int fd;
    unsigned on_the_way; /* requests prepared, whose last result has not come yet */

    struct io_uring_sqe *sqes; /* place i of the submissions */
    unsigned sq_entries, sq_mask;
    _Atomic unsigned *sq_head, *sq_tail;
    unsigned prepared; /* the tail, before the kernel is told of it */

    struct io_uring_cqe *cqes; /* place i of the completions */
    unsigned cq_mask;
    _Atomic unsigned *cq_head, *cq_tail;

    void *rings; /* both, but for the submissions themselves, in one mapping */
    size_t rings_size;
};

/* ---- opening ---- */

enum { MOST_ENTRIES = 32768 }; /* IORING_MAX_ENTRIES of the kernel */

static const char *
reason(unsigned entries)
{
    char value = '0';
    int fd;

    if (errno == ENOSYS)
        return "this kernel has no io_uring";
    if (errno == EINVAL && (entries == 0 || entries > MOST_ENTRIES))
        return "a ring has 1 to 32,768 entries";
    if (errno == EINVAL)
        return "this kernel's io_uring is older than Linux 6.0";
    if (errno != EPERM)
        return NULL;
    fd = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
    if (fd != -1) {
        if (pread(fd, &value, 1, 0) != 1)
            value = '0';
        close(fd);
    }
    errno = EPERM;
    return value == '0' ? "forbidden by a seccomp filter, as in many containers"
                        : "forbidden by sysctl kernel.io_uring_disabled";
}

static void *
map(const struct ring *r, size_t size, off_t which)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, which);

    if (p == MAP_FAILED)
        fail("mmap", "io_uring");
    return p;
}

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The kernel has written into `p` where everything lies, as offsets in bytes. */
static void
map_all(struct ring *r, const struct io_uring_params *p)
{
    unsigned *order;
    char *rings;

    r->rings_size = larger(p->sq_off.array + p->sq_entries * sizeof(unsigned),
                           p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
    r->rings = rings = map(r, r->rings_size, IORING_OFF_SQ_RING);
    r->sqes = map(r, p->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    r->sq_head = (_Atomic unsigned *)(void *)(rings + p->sq_off.head);
    r->sq_tail = (_Atomic unsigned *)(void *)(rings + p->sq_off.tail);
    r->sq_entries = p->sq_entries;
    r->sq_mask = p->sq_entries - 1;
    r->cqes = (struct io_uring_cqe *)(void *)(rings + p->cq_off.cqes);
    r->cq_head = (_Atomic unsigned *)(void *)(rings + p->cq_off.head);
    r->cq_tail = (_Atomic unsigned *)(void *)(rings + p->cq_off.tail);
    r->cq_mask = p->cq_entries - 1;
    order = (unsigned *)(void *)(rings + p->sq_off.array);
    for (unsigned i = 0; i < p->sq_entries; i++)
        order[i] = i; /* requests could be handed over in another order; ours never are */
}

/*
 * SINGLE_ISSUER: one thread only, so the kernel need not guard against others. COOP_TASKRUN: what
 * it has to do for us it does when we are in the kernel anyway, without interrupting us for it.
 * See io_uring_setup(2).
 */
struct ring *
ring_open(unsigned entries)
{
    struct io_uring_params params = {.flags =
                                         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN};
    int fd = (int)syscall(SYS_io_uring_setup, entries, &params);
    struct ring *r;

    if (fd == -1)
        fail("io_uring_setup", reason(entries));
    r = calloc(1, sizeof *r);
    if (!r)
        fail("calloc", "a ring");
    r->fd = fd;
    map_all(r, &params);
    return r;
}

void
ring_close(struct ring *r)
{
    munmap(r->sqes, r->sq_entries * sizeof(struct io_uring_sqe));
    munmap(r->rings, r->rings_size);
    close(r->fd);
    free(r);
}

/* ---- handing over, and waiting ---- */

/*
 * One call: the kernel takes what we have prepared, does at once what it can, and then waits until
 * `least` results are there. A signal ends the waiting. The kernel may be short of memory, or of
 * room for results: then it has not taken everything, and the rest waits for the next call.
 */
static void
enter(struct ring *r, unsigned least)
{
    unsigned count = r->prepared - atomic_load_explicit(r->sq_head, memory_order_acquire);
    unsigned flags = least ? IORING_ENTER_GETEVENTS : 0;

    atomic_store_explicit(r->sq_tail, r->prepared, memory_order_release);
    if (syscall(SYS_io_uring_enter, r->fd, count, least, flags, NULL, 0) != -1 || errno == EINTR)
        return;
    if (errno != EAGAIN && errno != EBUSY)
        fail("io_uring_enter", NULL);
    sleep_ms(1); /* so that trying again is not a busy loop */
}

struct io_uring_sqe *
ring_prepare(struct ring *r, uint8_t opcode, int fd, struct operation *who)
{
    struct io_uring_sqe *sqe;

    while (r->prepared - atomic_load_explicit(r->sq_head, memory_order_acquire) == r->sq_entries)
        enter(r, 0); /* full */
    sqe = &r->sqes[r->prepared++ & r->sq_mask];
    *sqe = (struct io_uring_sqe){.opcode = opcode, .fd = fd, .user_data = (uintptr_t)who};
    r->on_the_way++;
    return sqe;
}

void
ring_cancel(struct ring *r, struct operation *who)
{
    ring_prepare(r, IORING_OP_ASYNC_CANCEL, -1, NULL)->addr = (uintptr_t)who;
    enter(r, 0); /* at once: until then the request goes on */
}

/* Takes the oldest result out. False: there is none now. */
static bool
take(struct ring *r, struct io_uring_cqe *result)
{
    unsigned head = atomic_load_explicit(r->cq_head, memory_order_relaxed); /* only we move it */

    if (head == atomic_load_explicit(r->cq_tail, memory_order_acquire))
        return false;
    memcpy(result, &r->cqes[head & r->cq_mask], sizeof *result);
    atomic_store_explicit(r->cq_head, head + 1, memory_order_release);
    return true;
}

bool
ring_turn(struct ring *r)
{
    struct io_uring_cqe result;

    if (r->on_the_way == 0)
        return false;
    enter(r, 1);
    while (take(r, &result)) {
        struct operation *who = (struct operation *)(uintptr_t)result.user_data;

        if (!(result.flags & IORING_CQE_F_MORE))
            r->on_the_way--;
        if (who)
            who->done(who->owner, result.res, result.flags);
    }
    return true;
}

void
ring_run(struct ring *r)
{
    while (ring_turn(r))
        ;
}

/* ---- buffers ---- */

/*
 * One more ring: we add at the tail, the kernel takes from a head that it keeps to itself. There is
 * room for all buffers at once, so it can never be full, and we never need to know that head.
 */
struct ring_buffers {
    struct ring *ring;
    struct io_uring_buf_ring *free; /* those that the kernel may take */
    unsigned count;
    size_t size;
    char *memory; /* of all of them, one after the other */
};

struct ring_buffers *
ring_buffers_open(struct ring *r, uint16_t group, unsigned count, size_t size)
{
    struct ring_buffers *b = calloc(1, sizeof *b);
    struct io_uring_buf_reg reg = {.ring_entries = count, .bgid = group};

    if (!b)
        fail("calloc", "a group of buffers");
    *b = (struct ring_buffers){.ring = r, .count = count, .size = size};
    b->memory = malloc(count * size);
    b->free = mmap(NULL, count * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* it has to be page aligned */
    if (!b->memory || b->free == MAP_FAILED)
        fail("mmap", "a group of buffers");
    reg.ring_addr = (uintptr_t)b->free;
    check((int)syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_PBUF_RING, &reg, 1),
          "io_uring_register");
    for (unsigned i = 0; i < count; i++)
        ring_give_back(b, b->memory + i * size);
    return b;
}

void
ring_buffers_close(struct ring_buffers *b)
{
    munmap(b->free, b->count * sizeof(struct io_uring_buf));
    free(b->memory);
    free(b);
}

char *
ring_buffer(const struct ring_buffers *b, uint32_t flags)
{
    return b->memory + (flags >> IORING_CQE_BUFFER_SHIFT) * b->size;
}

void
ring_give_back(struct ring_buffers *b, const char *buffer)
{
    size_t id = (size_t)(buffer - b->memory) / b->size;
    unsigned short tail = b->free->tail; /* only we move it */
    struct io_uring_buf *place = &b->free->bufs[tail & (b->count - 1)];

    place->addr = (uintptr_t)buffer;
    place->len = (unsigned)b->size;
    place->bid = (unsigned short)id; /* field by field: the tail is part of place 0 */
    atomic_store_explicit((_Atomic unsigned short *)&b->free->tail, (unsigned short)(tail + 1),
                          memory_order_release);
}
