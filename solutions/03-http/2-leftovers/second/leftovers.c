/*
 * leftovers.c - a next_head() that looks at each byte once
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
    static const char blank_line[] = "\r\n\r\n";
    size_t seen = 0, matched = 0; /* how many bytes of buf, and of the blank line at their end */
    enum io_result result;
    ssize_t n;

    while (matched < 4) {
        if (seen < conn->len) {
            char c = conn->buf[seen++];

            matched = c == blank_line[matched] ? matched + 1 : c == '\r';
            continue;
        }
        if (seen == MOST) {
            errno = EMSGSIZE;
            return IO_FAILED;
        }
        n = read(conn->fd, conn->buf + seen, MOST - seen);
        result = io_result(n);
        if (result == IO_DATA)
            conn->len += (size_t)n;
        else if (result != IO_INTERRUPTED)
            return result;
    }
    memcpy(head, conn->buf, seen);
    *len = seen;
    conn->len -= seen;
    memmove(conn->buf, conn->buf + seen, conn->len);
    return IO_DATA;
}
