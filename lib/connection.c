#include "connection.h"

#include "io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

bool
connection_open(struct connection *c, int fd, const struct protocol *protocol)
{
    *c = (struct connection){.fd = fd, .protocol = protocol};
    c->state = calloc(1, protocol->state_size);
    if (!c->state || !buffer_open(&c->in, PROTOCOL_IN) || !buffer_open(&c->out, PROTOCOL_OUT)) {
        buffer_close(&c->in);
        free(c->state);
        return false;
    }
    set_nonblocking(fd);
    protocol->start(c->state);
    return true;
}

void
connection_close(struct connection *c)
{
    c->protocol->end(c->state);
    free(c->state);
    buffer_close(&c->in);
    buffer_close(&c->out);
    close(c->fd);
}

/* Once is enough: the protocol goes on until it can go no further. See protocol.h. */
static void
feed(struct connection *c)
{
    if (c->wants < FEED_FLUSH)
        c->wants = c->protocol->feed(c->state, &c->in, &c->out);
}

static void
take_in(struct connection *c, enum io_result got)
{
    c->ended = c->ended || got == IO_END;
    c->broken = c->broken || got == IO_FAILED;
    feed(c);
}

void
connection_receive(struct connection *c)
{
    take_in(c, buffer_read(&c->in, c->fd));
}

static void
give_out(struct connection *c, enum io_result gave)
{
    c->broken = c->broken || gave == IO_FAILED;
    if (c->wants == FEED_ROOM)
        feed(c); /* there may be some now */
}

void
connection_send(struct connection *c)
{
    give_out(c, buffer_write(&c->out, c->fd));
}

/* As if read() or write() had returned `n`; or -1 with errno set, where `n` is -errno. */
static enum io_result
result_of(ssize_t n)
{
    if (n < 0)
        errno = (int)-n;
    return io_result(n < 0 ? -1 : n);
}

void
connection_received(struct connection *c, ssize_t n)
{
    if (n > 0)
        buffer_added(&c->in, (size_t)n);
    take_in(c, result_of(n));
}

void
connection_sent(struct connection *c, ssize_t n)
{
    if (n > 0)
        buffer_consume(&c->out, (size_t)n);
    give_out(c, result_of(n));
}

/*
 * Closing with unread bytes would reset the connection, and our last word might be lost. So we end
 * only our side, then read and throw away what comes, until the peer ends its own.
 */
static void
take_leave(struct connection *c)
{
    if (!c->leaving)
        shutdown(c->fd, SHUT_WR); /* if the connection is broken, the next read says so */
    c->leaving = true;
    buffer_consume(&c->in, buffer_length(&c->in));
}

uint32_t
connection_interest(struct connection *c)
{
    bool owes = buffer_length(&c->out) > 0 || c->wants == FEED_ROOM;
    uint32_t interest = owes ? EPOLLOUT : 0;

    if (c->broken || c->wants == FEED_CLOSE || (c->ended && !owes))
        return 0;
    if (c->wants == FEED_FLUSH && !owes)
        take_leave(c);
    if (!c->ended && c->wants != FEED_ROOM && buffer_room(&c->in) > 0)
        interest |= EPOLLIN;
    return interest;
}
