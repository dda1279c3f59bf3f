#include "relay.h"

#include "io.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct direction {
    int from, to;
    size_t len; /* how many bytes of buf are owed to `to` */
    bool ended;
    char buf[RELAY_BUFFER];
};

/* Moves what can be moved without waiting. False: one of the two connections is broken. */
static bool
move(struct direction *way)
{
    ssize_t n;

    if (way->len == 0 && !way->ended) {
        n = read(way->from, way->buf, sizeof way->buf);
        way->len = n > 0 ? (size_t)n : 0;
        if ((way->ended = n == 0))
            shutdown(way->to, SHUT_WR); /* the end is passed on, and the other way stays open */
        if (io_result(n) == IO_FAILED)
            return false;
    }
    if (way->len > 0) {
        n = write(way->to, way->buf, way->len);
        if (io_result(n) == IO_FAILED)
            return false;
        way->len -= n > 0 ? (size_t)n : 0;
        memmove(way->buf, way->buf + (n > 0 ? n : 0), way->len);
    }
    return true;
}

void
relay(int peer, int target, const char *first, size_t len)
{
    static struct direction out, back;
    struct pollfd ready[2] = {{.fd = peer}, {.fd = target}};

    out = (struct direction){.from = peer, .to = target, .len = len};
    back = (struct direction){.from = target, .to = peer};
    memcpy(out.buf, first, len);
    set_nonblocking(peer);
    set_nonblocking(target);
    while (!(out.ended && back.ended) && move(&out) && move(&back)) {
        ready[0].events = (short)((out.len || out.ended ? 0 : POLLIN) | (back.len ? POLLOUT : 0));
        ready[1].events = (short)((back.len || back.ended ? 0 : POLLIN) | (out.len ? POLLOUT : 0));
        ready[1].fd = ready[1].events ? target : -1; /* its end would be told again and again */
        poll(ready, 2, -1);
        if (ready[0].revents & POLLHUP) /* it has ended both ways: nobody is there any more */
            break;
    }
}
