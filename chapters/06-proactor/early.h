/*
 * early.h - what has come for a connection before it could take it
 *
 * A program that asks once, to be told many times, is told also when it does not suit: there is no
 * room, or the kernel is sending the answers. None of it may be lost, and it keeps its order.
 */
#pragma once

#include "connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

struct early {
    struct buffer bytes;
    size_t room;   /* for this many, at most */
    int last_word; /* and after them: the end (0), or an error; 1: neither yet */
};

/* As many of `bytes` as the connection has room for go into it. */
static inline size_t
give(struct connection *c, const char *bytes, size_t len)
{
    size_t room = buffer_room(&c->in);

    if (len == 0 || !(connection_interest(c) & EPOLLIN))
        return 0;
    if (len > room)
        len = room;
    memcpy(buffer_space(&c->in), bytes, len);
    connection_received(c, (ssize_t)len);
    return len;
}

/* Goes behind what is there already. If there is no memory for it, that was the last word. */
static inline void
early_keep(struct early *e, const char *bytes, size_t len)
{
    if ((!e->bytes.memory && !buffer_open(&e->bytes, e->room)) ||
        !buffer_append(&e->bytes, bytes, len))
        e->last_word = -ENOMEM;
}

/* The connection takes what it can; when nothing is left, the last word. */
static inline void
early_give(struct early *e, struct connection *c)
{
    size_t taken;

    while ((taken = give(c, buffer_bytes(&e->bytes), buffer_length(&e->bytes))) > 0)
        buffer_consume(&e->bytes, taken);
    if (buffer_length(&e->bytes) > 0)
        return;
    buffer_close(&e->bytes);
    if (e->last_word <= 0)
        connection_received(c, e->last_word);
}
