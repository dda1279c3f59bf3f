/*
 * leftovers.c - next_head(), for a connection that brings more than one request
 *
 * Run:    make, then build/leftovers two (gdb --args build/leftovers two)
 * Test:   make test
 * Book:   03-http, "Keep-alive, and what is left over"
 */
#include "io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1024 };

/* buf[0] to buf[len - 1] have come, and belong to no request that has been taken. */
struct connection {
    int fd;
    size_t len;
    char buf[MOST];
};

enum io_result next_head(struct connection *conn, char head[MOST], size_t *len);

/*
 * Takes the next head from the connection: waits until all of it has come, copies it, with its
 * blank line, to `head`, and sets *len to its length. What has come behind it stays in conn->buf,
 * from its beginning. A signal (EINTR) changes nothing.
 *
 * IO_DATA:    there is a head.
 * IO_END:     the peer has ended; if conn->len is not 0, in the middle of something.
 * IO_NOT_YET: it has not all come (EAGAIN); the next call will go on with what has.
 * IO_FAILED:  the connection is broken, errno says how; or EMSGSIZE: `MOST` bytes have come, and
 *             there is no blank line among them.
 */
enum io_result
next_head(struct connection *conn, char head[MOST], size_t *len)
{
    const char *end;

    while (!(end = memmem(conn->buf, conn->len, "\r\n\r\n", 4))) {
        ssize_t n;

        if (conn->len == MOST) {
            errno = EMSGSIZE; /* to read on would be a read() of 0 bytes, which says 0: the end */
            return IO_FAILED;
        }
        n = read(conn->fd, conn->buf + conn->len, MOST - conn->len);
        if (io_result(n) == IO_INTERRUPTED)
            continue;
        if (n <= 0)
            return io_result(n);
        conn->len += (size_t)n;
    }
    *len = (size_t)(end + 4 - conn->buf);
    memcpy(head, conn->buf, *len);
    conn->len -= *len;
    memmove(conn->buf, conn->buf + *len, conn->len); /* the two may overlap */
    return IO_DATA;
}
