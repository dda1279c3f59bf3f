/*
 * io.h - what one read or write can say, and the loops that finish the job
 *
 * Nothing here ends the program: a connection that fails is an ordinary event, and
 * what happened is returned. Chapter 01 opens all of it.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum io_result {
    IO_DATA,        /* bytes were moved: more than 0, perhaps fewer than asked for */
    IO_END,         /* read only: the peer has sent its last byte */
    IO_NOT_YET,     /* EAGAIN: nothing now, or the time-out of the socket has passed */
    IO_INTERRUPTED, /* EINTR: a signal came first; call again */
    IO_FAILED,      /* the connection is broken; errno says how */
};

/* What a read() that returned `n` has said; errno must be as the call left it. See read(2). */
enum io_result io_result(ssize_t n);

/*
 * Writes all `len` bytes, however many calls it takes, going on after a short write and
 * after EINTR. IO_DATA: all are written. IO_NOT_YET: a nonblocking descriptor or a
 * time-out stopped it half way. IO_FAILED: errno says why. `fd` stays the caller's.
 */
enum io_result write_all(int fd, const void *buf, size_t len);

/*
 * Reads until `len` bytes have come; *got says how many did. IO_DATA: all of them.
 * IO_END: the peer ended first. IO_NOT_YET, IO_FAILED: as above.
 */
enum io_result read_exactly(int fd, void *buf, size_t len, size_t *got);

/* Reads and writes on `fd` return EAGAIN from now on instead of waiting. See fcntl(2). */
void set_nonblocking(int fd);
