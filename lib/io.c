#include "io.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum io_result
io_result(ssize_t n)
{
    if (n > 0)
        return IO_DATA;
    if (n == 0)
        return IO_END;
    if (errno == EINTR)
        return IO_INTERRUPTED;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return IO_NOT_YET;
    return IO_FAILED;
}

enum io_result
write_all(int fd, const void *buf, size_t len)
{
    const char *next = buf;

    while (len > 0) {
        ssize_t n = write(fd, next, len);

        if (n >= 0) {
            next += n;
            len -= (size_t)n;
        } else if (errno != EINTR) {
            return io_result(n);
        }
    }
    return IO_DATA;
}

enum io_result
read_exactly(int fd, void *buf, size_t len, size_t *got)
{
    for (*got = 0; *got < len;) {
        ssize_t n = read(fd, (char *)buf + *got, len - *got);

        if (n > 0)
            *got += (size_t)n;
        else if (io_result(n) != IO_INTERRUPTED)
            return io_result(n);
    }
    return IO_DATA;
}

void
set_nonblocking(int fd)
{
    int flags = check(fcntl(fd, F_GETFL), "fcntl(F_GETFL)");

    check(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl(F_SETFL)");
}
