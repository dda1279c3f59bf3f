/*
 * idle-timeouts.c - a server that sees off whoever has nothing to say
 *
 * Shows:  a timer for each peer, in the loop that waits for them all: epoll_wait() sleeps until
 *         the next descriptor is ready or the next timer due. Putting a timer off takes no call.
 * Run:    build/05-reactor/idle-timeouts -p 8000 -t 3000
 * Watch:  tcp-client: after three seconds without a word you are seen off; each line that you say
 *         gives you three more. COUNT=1 build/05-reactor/idle-timeouts: the calls.
 * Book:   05-reactor, "Timers"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "peer.h"

#include <errno.h>

static const struct protocol *protocol;
static struct loop *loop;
static int64_t patience;

static void welcome(void *, uint32_t);
static void look_again(void *);

static struct handler listener = {.interest = EPOLLIN, .ready = welcome};
static struct timer out_of_descriptors = {.expired = look_again};

static void
look_again(void *unused)
{
    (void)unused;
    loop_change(&listener, EPOLLIN);
}

/*
 * With no descriptor left nobody can be accepted, but somebody is still waiting, so the listener
 * stays ready: we look away for a tenth of a second. (accept_peer() itself has rested for 10 ms,
 * and everybody with it.)
 */
static void
look_away(void)
{
    if (loop_set_timer(loop, &out_of_descriptors, now_ns() + 100 * NS_PER_MS))
        loop_change(&listener, 0);
}

/* The peer has said something, or has taken what it is owed: that puts its timer off. */
static void
ready(void *owner, uint32_t events)
{
    struct peer *p = owner;

    loop_set_timer(loop, &p->timer, now_ns() + patience); /* it is set already: cannot fail */
    peer_ready(p, events);
}

/* The protocol may have a last word for a peer that is late with a message: http says 408. */
static void
expired(void *owner)
{
    struct peer *p = owner;

    if (p->connection.wants != FEED_HEAD && p->connection.wants != FEED_BODY) {
        peer_end(p);
        return;
    }
    protocol->late(p->connection.state, &p->connection.out);
    p->connection.wants = FEED_FLUSH;
    ready(p, EPOLLOUT);
}

static void
begin(struct peer *p)
{
    if (!peer_join(loop, p))
        return;
    p->handler.ready = ready;
    p->timer = (struct timer){.expired = expired, .owner = p};
    if (!loop_set_timer(loop, &p->timer, now_ns() + patience))
        peer_end(p);
}

static void
close_listener(void)
{
    loop_clear_timer(loop, &out_of_descriptors);
    loop_remove(&listener);
    close(listener.fd);
}

static void
welcome(void *unused, uint32_t events)
{
    enum io_result result;
    int fd;

    (void)unused;
    (void)events;
    while ((result = accept_peer(listener.fd, &fd)) == IO_DATA)
        begin(peer_new(fd, protocol));
    if (result == IO_END)
        close_listener();
    else if (errno != EAGAIN)
        look_away();
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
