#include "peer.h"

#include "clock.h"
#include "net.h"

#include <limits.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static void
set_task(struct peer *p, enum task task, bool forward)
{
    if (task == p->task && (task == TO_ASK || task == TO_LEAVE || !forward))
        return;
    p->task = task;
    p->deadline = now_ns() + p->patience;
    p->queued = INT_MAX;
}

bool
peer_open(struct peer *p, struct pollfd *w, const struct protocol *protocol, int64_t patience)
{
    *p = (struct peer){.protocol = protocol, .patience = patience};
    p->state = calloc(1, protocol->state_size);
    if (!p->state || !buffer_open(&p->in, PROTOCOL_IN) || !buffer_open(&p->out, PROTOCOL_OUT)) {
        buffer_close(&p->in);
        free(p->state);
        return false;
    }
    protocol->start(p->state);
    set_task(p, TO_BEGIN, true);
    w->events = POLLIN;
    return true;
}

void
peer_close(struct peer *p)
{
    p->protocol->end(p->state);
    free(p->state);
    buffer_close(&p->in);
    buffer_close(&p->out);
}

/* The next task of a peer that is owed nothing, whether the conversation goes on or is over. */
static enum task
next_task(const struct peer *p)
{
    switch (p->wants) {
    case FEED_HEAD:
        return TO_ASK;
    case FEED_BODY:
        return TO_SEND;
    case FEED_FLUSH:
        return TO_LEAVE;
    default:
        return TO_BEGIN;
    }
}

/*
 * To close with unread bytes would reset the connection, and our last word might be lost. So we end
 * only our side, and read, and throw away what we read, until the peer ends its own.
 */
static void
take_leave(struct peer *p, int fd)
{
    if (p->task != TO_LEAVE)
        shutdown(fd, SHUT_WR); /* if the connection is broken, the next read says so */
    buffer_consume(&p->in, buffer_length(&p->in));
}

/* What is to be polled for now, and until when. False: nothing, the connection is over. */
static bool
go_on(struct peer *p, struct pollfd *w, bool forward)
{
    bool owes = buffer_length(&p->out) > 0 || p->wants == FEED_ROOM;
    enum task task = owes ? TO_READ : next_task(p);

    if (p->wants == FEED_CLOSE || (p->ended && !owes))
        return false;
    if (task == TO_LEAVE)
        take_leave(p, w->fd);
    set_task(p, task, forward);
    w->events = owes ? POLLOUT : 0;
    if (!p->ended && p->wants != FEED_ROOM && buffer_room(&p->in) > 0)
        w->events |= POLLIN; /* else the peer has to wait, in its write() */
    return true;
}

bool
peer_step(struct peer *p, struct pollfd *w)
{
    enum io_result got = IO_NOT_YET;
    size_t owed = buffer_length(&p->out);

    if (w->revents & ~POLLOUT)
        got = buffer_read(&p->in, w->fd);
    p->ended = p->ended || got == IO_END;
    if (p->wants < FEED_FLUSH)
        p->wants = p->protocol->feed(p->state, &p->in, &p->out);
    if (buffer_length(&p->out) > owed)
        p->task = TO_READ; /* an answer: a head behind it is a new one, and has its own deadline */
    owed = buffer_length(&p->out);
    if (got == IO_FAILED || buffer_write(&p->out, w->fd) == IO_FAILED)
        return false;
    return go_on(p, w, owed > 0 ? buffer_length(&p->out) < owed : got == IO_DATA);
}

/*
 * poll() calls a socket writable when a third of its queue is free; a slow reader may be at work on
 * the rest. It is given up only when nothing has left the queue since the last deadline.
 */
static bool
still_reads(struct peer *p, int fd)
{
    int queued, before = p->queued;

    if (ioctl(fd, SIOCOUTQ, &queued) == -1 || queued >= before)
        return false;
    set_task(p, TO_READ, true);
    p->queued = queued;
    return true;
}

bool
peer_late(struct peer *p, struct pollfd *w)
{
    if (p->task == TO_READ)
        return still_reads(p, w->fd);
    if (p->task != TO_ASK && p->task != TO_SEND)
        return false;
    p->protocol->late(p->state, &p->out);
    p->wants = FEED_FLUSH;
    return peer_step(p, w);
}
