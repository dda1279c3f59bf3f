/*
 * ring.h - a Proactor on io_uring: the kernel does the work, and tells whoever asked for it
 *
 * Instead of making a call for each thing to be done, we write a request for it into a ring that
 * we share with the kernel; what has become of it stands in a second ring, later, in any order.
 * One call, io_uring_enter(2), hands over all that has been prepared and sleeps until
 * something is done. No liburing: system calls and memory, so that it can be read. The manual pages
 * are liburing's: io_uring(7), io_uring_setup(2), io_uring_enter(2); the structures and constants
 * stand in <linux/io_uring.h>.
 *
 * All calls on a ring are made by the thread that has opened it; the kernel refuses others
 * (EEXIST). Needs Linux 6.0. Chapter 06 opens it.
 */
#pragma once

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/*
 * A ring with room for `entries` requests, 1 to 32,768, that are prepared and not yet handed over,
 * and for twice as many results; as many may be on the way as the system has memory for. If the
 * kernel gives no ring, one line says why, and the program ends with status 1.
 */
struct ring *ring_open(unsigned entries);

/* Nothing may be on the way: the kernel would go on using the buffers for a while. */
void ring_close(struct ring *r);

/* ---- requests ---- */

/*
 * Whom to tell what has become of a request. It lies in its owner's memory, and stays there, as
 * does every buffer that the request names, until `done` has been called for the last time.
 */
struct operation {
    /*
     * `result` is what the system call of that name would have returned, or -errno. With
     * IORING_CQE_F_MORE in `flags` more is to come, without another request.
     */
    void (*done)(void *owner, int result, uint32_t flags);
    void *owner;
};

/*
 * The next free place in the ring, all zeros but for what is said here: to do `opcode`
 * (IORING_OP_RECV, ...) with `fd`, and to tell `who` when it is done; NULL: nobody. The caller
 * fills in the rest at once; it is read by the kernel at the next ring_turn(), or before, when the
 * ring is full.
 */
struct io_uring_sqe *ring_prepare(struct ring *r, uint8_t opcode, int fd, struct operation *who);

/*
 * Asks the kernel to give up what is on the way for `who`. Its `done` is called all the same, with
 * -ECANCELED, or with what had been done by then; nobody is told whether there was anything to give
 * up.
 */
void ring_cancel(struct ring *r, struct operation *who);

/*
 * Hands over what is prepared, sleeps until something is done, and tells everybody concerned.
 * False, at once: nothing is prepared or on the way, so nothing could ever be done. Returns early
 * when a signal comes. Not to be called by `done`.
 */
bool ring_turn(struct ring *r);

/* Turns until nothing is on the way any more. */
void ring_run(struct ring *r);

/* ---- buffers for the kernel to choose from ---- */

/*
 * A request to receive that names no buffer but a group (IOSQE_BUFFER_SELECT in its flags, and
 * buf_group) takes one from it only when something has come. So a thousand peers that say nothing
 * hold no memory. See io_uring_register(2), IORING_REGISTER_PBUF_RING.
 */
struct ring_buffers;

/* `count` buffers of `size` bytes as a group of that number; `count` is a power of two, at most
 * 32,768. All are the kernel's at first. Ends the program if they cannot be had. */
struct ring_buffers *ring_buffers_open(struct ring *r, uint16_t group, unsigned count, size_t size);

/* Before the ring is closed, or after. Nothing may be on the way that could still take one. */
void ring_buffers_close(struct ring_buffers *b);

/*
 * The buffer that a result came in: `flags` are those that `done` was given, with
 * IORING_CQE_F_BUFFER among them. It is ours until it is given back.
 */
char *ring_buffer(const struct ring_buffers *b, uint32_t flags);

/* Gives it back: from now on the kernel may write into it. */
void ring_give_back(struct ring_buffers *b, const char *buffer);
