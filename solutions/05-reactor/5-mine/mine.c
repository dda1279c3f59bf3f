/*
 * mine.c - a reactor in three units; this is the I/O unit, with main()
 *
 * Shows:  one thread for a thousand peers, without a change in the other two units: talk_on() was
 *         made to stop anywhere and go on later.
 * Run:    build/mine -P http -d ../../book -p 8000
 * Book:   05-reactor, "A handler for each descriptor"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "loop.h"
#include "net.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct peer {
    struct handler handler;
    struct timer farewell; /* until then it has to end its side, once we have ended ours */
    struct talk *talk;
    struct buffer in, out;
    bool ended;   /* it has sent its last byte */
    bool over;    /* the talk is; what is in `out` has still to go */
    bool leaving; /* all has gone, and we have ended our side */
};

static const char *protocol = "echo";
static struct loop *loop;

/* ---- peers ---- */

static void
forget(struct peer *p)
{
    if (p->talk)
        talk_end(p->talk);
    buffer_close(&p->in);
    buffer_close(&p->out);
    free(p);
}

static void
end(struct peer *p)
{
    loop_clear_timer(loop, &p->farewell);
    loop_remove(&p->handler);
    close(p->handler.fd);
    forget(p);
}

static void
too_late(void *owner)
{
    end(owner);
}

/* To close a socket with unread bytes resets it, and the peer may lose the last answer. So we end
 * our side, and read, and throw away what we read, until it ends its own: for a second. */
static void
take_leave(struct peer *p)
{
    shutdown(p->handler.fd, SHUT_WR);
    p->leaving = true;
    loop_change(&p->handler, EPOLLIN);
    if (p->ended || !loop_set_timer(loop, &p->farewell, now_ns() + NS_PER_SECOND))
        end(p);
}

static void
listen_no_more(struct peer *p)
{
    char nowhere[4096];
    enum io_result result = io_result(read(p->handler.fd, nowhere, sizeof nowhere));

    if (result == IO_END || result == IO_FAILED)
        end(p);
}

/* Goes on as far as `in` and `out` allow. */
static void
talk(struct peer *p)
{
    if (!p->over)
        p->over = !talk_on(p->talk, &p->in, &p->out, p->ended);
}

/* To speak, if there is room for what it says; to take what it is owed. */
static void
set_interest(struct peer *p)
{
    uint32_t interest = buffer_length(&p->out) > 0 ? EPOLLOUT : 0;

    if (!p->ended && !p->over && buffer_room(&p->in) > 0)
        interest |= EPOLLIN;
    loop_change(&p->handler, interest);
}

/* Reads once, writes once, and waits for nothing. */
static void
ready(void *owner, uint32_t events)
{
    struct peer *p = owner;
    enum io_result received = IO_NOT_YET;

    if (p->leaving) {
        listen_no_more(p);
        return;
    }
    if (events & ~(uint32_t)EPOLLOUT && !p->ended)
        received = buffer_read(&p->in, p->handler.fd);
    p->ended = p->ended || received == IO_END;
    talk(p);
    if (received == IO_FAILED || buffer_write(&p->out, p->handler.fd) == IO_FAILED) {
        end(p);
        return;
    }
    talk(p); /* there may be room for more now */
    if (p->over && buffer_length(&p->out) == 0)
        take_leave(p);
    else
        set_interest(p);
}

static void
begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (p) {
        p->handler = (struct handler){.fd = fd, .interest = EPOLLIN, .ready = ready, .owner = p};
        p->farewell = (struct timer){.expired = too_late, .owner = p};
        p->talk = talk_begin(protocol);
    }
    set_nonblocking(fd);
    if (p && p->talk && buffer_open(&p->in, IN_ROOM) && buffer_open(&p->out, OUT_ROOM) &&
        loop_add(loop, &p->handler))
        return;
    close(fd); /* there is no memory for this one */
    if (p)
        forget(p);
}

/* ---- the listener ---- */

static void welcome(void *, uint32_t);
static void look_again(void *);

static struct handler listener = {.interest = EPOLLIN, .ready = welcome};
static struct timer no_descriptor = {.expired = look_again};

static void
look_again(void *unused)
{
    (void)unused;
    loop_change(&listener, EPOLLIN);
}

/* Somebody is waiting whom we cannot accept: to be told of that again and again helps nobody. */
static void
look_away(void)
{
    if (loop_set_timer(loop, &no_descriptor, now_ns() + 100 * NS_PER_MS))
        loop_change(&listener, 0);
}

static void
welcome(void *unused, uint32_t events)
{
    enum io_result result;
    int fd;

    (void)unused;
    (void)events;
    while ((result = accept_peer(listener.fd, &fd)) == IO_DATA)
        begin(fd);
    if (result == IO_END) { /* the program is to stop */
        loop_clear_timer(loop, &no_descriptor);
        loop_remove(&listener);
        close(listener.fd);
    } else if (errno != EAGAIN) {
        look_away();
    }
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &protocol},
                                     {'d', "DIRECTORY", "what http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);

    if (strcmp(protocol, "echo") != 0 && strcmp(protocol, "http") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY]\n");
        return 2;
    }
    if (strcmp(protocol, "http") == 0)
        storage_begin(directory);
    listener.fd = tcp_listen(args.address, args.port);
    set_nonblocking(listener.fd);
    loop = loop_open();
    if (!loop_add(loop, &listener))
        fail("epoll_ctl", NULL);
    stop_on_signals(listener.fd);
    announce(listener.fd);
    loop_run(loop); /* told to stop, the listener and every peer come to their end */
    loop_close(loop);
    return 0;
}
