/*
 * write-all.c - write_exactly(), the twin of read_exactly() in lib/io.h
 *
 * Run:    make, then build/write-all short-write (gdb --args build/write-all short-write)
 * Test:   make test
 * Book:   01-blocking, "A short write"
 */
#include "io.h"

#include <errno.h>
#include <unistd.h>

enum io_result write_exactly(int fd, const void *buf, size_t len, size_t *put);

/*
 * Writes the `len` bytes at `buf` to `fd`, by as many calls of write() as it takes; a
 * signal that comes in between (EINTR) changes nothing. *put says how many bytes `fd` has
 * taken, however it ends:
 *
 * IO_DATA:    all of them.
 * IO_NOT_YET: fd takes no more at the moment (EAGAIN); the caller will go on at buf + *put.
 * IO_FAILED:  the connection is broken; errno says how.
 */
enum io_result
write_exactly(int fd, const void *buf, size_t len, size_t *put)
{
    /* TODO: one write() may take less than it is given, and its -1 is not always the end. */
    ssize_t n = write(fd, buf, len);

    *put = n > 0 ? (size_t)n : 0;
    return io_result(n);
}
