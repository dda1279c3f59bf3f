/*
 * idle-timeouts.c - a server that sees off who has nothing to say
 *
 * Shows:  a timer for each peer, in the loop that waits for them all: epoll_wait() sleeps until
 *         the next descriptor is ready or the next timer due. To put a timer off takes no call.
 * Run:    build/05-reactor/idle-timeouts -p 8000 -t 3000
 * Watch:  tcp-client: after three seconds without a word you are seen off; each line that you say
 *         gives you three more. COUNT=1 build/05-reactor/idle-timeouts: the calls.
 * Book:   05-reactor, "Timers"
 */
#include "args.h"
#include "clock.h"
#include "connection.h"
#include "error.h"
#include "http_files.h"
#include "loop.h"
#include "net.h"

#include <stdlib.h>
#include <unistd.h>

struct peer {
    struct handler handler;
    struct timer timer;
    struct connection connection;
};

static const struct protocol *protocol;
static struct loop *loop;
static int64_t patience;

static void
end(struct peer *p)
{
    loop_clear_timer(loop, &p->timer);
    loop_remove(&p->handler);
    connection_close(&p->connection);
    free(p);
}

static void
go_on(struct peer *p)
{
    uint32_t interest = connection_interest(&p->connection);

    if (interest)
        loop_change(&p->handler, interest);
    else
        end(p);
}

/* The peer has said something, or has taken what it is owed: that puts its timer off. */
static void
ready(void *owner, uint32_t events)
{
    struct peer *p = owner;

    loop_set_timer(loop, &p->timer, now_ns() + patience); /* it is set already: cannot fail */
    if (events & ~(uint32_t)EPOLLOUT)
        connection_receive(&p->connection);
    connection_send(&p->connection);
    go_on(p);
}

/* The protocol may have a last word for who is late with a message: http says 408. */
static void
expired(void *owner)
{
    struct peer *p = owner;

    if (p->connection.wants != FEED_HEAD && p->connection.wants != FEED_BODY) {
        end(p);
        return;
    }
    protocol->late(p->connection.state, &p->connection.out);
    p->connection.wants = FEED_FLUSH;
    loop_set_timer(loop, &p->timer, now_ns() + patience);
    connection_send(&p->connection);
    go_on(p);
}

static void
begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) {
        free(p);
        close(fd);
        return;
    }
    p->handler = (struct handler){.fd = fd, .interest = EPOLLIN, .ready = ready, .owner = p};
    p->timer = (struct timer){.expired = expired, .owner = p};
    if (loop_add(loop, &p->handler)) {
        if (!loop_set_timer(loop, &p->timer, now_ns() + patience))
            end(p);
    } else {
        connection_close(&p->connection);
        free(p);
    }
}

static void
welcome(void *owner, uint32_t events)
{
    struct handler *listener = owner;
    enum io_result result;
    int fd;

    (void)events;
    while ((result = accept_peer(listener->fd, &fd)) == IO_DATA)
        begin(fd);
    if (result == IO_END) {
        loop_remove(listener);
        close(listener->fd);
    }
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *name = "echo", *ms = "10000";
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'t', "MS", "how long a peer may be idle, in milliseconds (10000)", &ms},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    struct handler listener = {.interest = EPOLLIN, .ready = welcome, .owner = &listener};

    protocol = find_protocol(name);
    patience = parse_number(ms, 1, 1000000, "MS") * NS_PER_MS;
    http_files_root(directory);
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
