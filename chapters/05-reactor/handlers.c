/*
 * handlers.c - a server in which each descriptor has a handler
 *
 * Shows:  the loop knows no peers and no protocol, a peer knows no other, the protocol knows no
 *         descriptor. What cannot be sent at once is kept, and writability watched only then;
 *         a peer that sends and never reads is not read from any more.
 * Run:    build/05-reactor/handlers -p 8000
 *         build/05-reactor/handlers -p 8000 -P http -d book
 * Watch:  grep -r tfd /proc/PID/fdinfo: the kernel's list, and what each descriptor is watched for.
 * Breaks: a peer that says nothing stays for ever: idle-timeouts.c mends that. With no descriptor
 *         left, each try to accept costs everybody 10 ms.
 * Book:   05-reactor, "A handler for each descriptor"
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
        peer_join(loop, peer_new(fd, protocol));
    if (result == IO_END)
        close_listener();
    else if (errno != EAGAIN)
        look_away();
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *name = "echo";
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &name},
                                     {'d', "DIRECTORY", "whose files http serves (.)", &directory},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);

    protocol = find_protocol(name);
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
