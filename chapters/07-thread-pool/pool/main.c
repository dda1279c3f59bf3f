/*
 * pool - one loop that watches, and a pool of threads that serve whoever is ready
 *
 * Shows:  a peer that is ready leaves the loop and becomes a task; when its worker is done the peer
 *         comes back through a list and an eventfd, so that only one thread ever touches the loop.
 *         Threads, their queue and their orderly end are lib/thread_pool's.
 * Run:    build/07-thread-pool/pool -p 8000
 *         build/07-thread-pool/pool -p 8000 -P http -d book -w 2
 * Watch:  top -H -p PID, with -s 300 and a few clients: the workers have names.
 * Breaks: bad-waits-on-itself.c: what a task must not do
 * Book:   07-thread-pool, "A server with a pool"
 */
#include "args.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "peers.h"

#include <unistd.h>

enum { MOST_WORKERS = 64, ROOM = 1024 };

static void
welcome(void *owner, uint32_t events)
{
    struct handler *listener = owner;
    enum io_result result;
    int fd;

    (void)events;
    while ((result = accept_peer(listener->fd, &fd)) == IO_DATA)
        peer_begin(fd);
    if (result == IO_END) { /* the program is to stop */
        loop_remove(listener);
        close(listener->fd);
        peers_last();
    }
}

int
main(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *threads = "4", *pause = "0";
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &name},
        {'d', "DIRECTORY", "whose files http serves (.)", &directory},
        {'w', "WORKERS", "how many threads serve (4)", &threads},
        {'s', "MS", "how long a worker thinks about what it has read (0)", &pause},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    size_t workers = (size_t)parse_number(threads, 1, MOST_WORKERS, "WORKERS");
    int64_t pause_ms = parse_number(pause, 0, 10000, "MS");
    const struct protocol *protocol = find_protocol(name);
    struct handler listener = {.interest = EPOLLIN, .ready = welcome, .owner = &listener};
    struct loop *loop;
    struct thread_pool *pool;

    http_files_root(directory);
    listener.fd = tcp_listen(args.address, args.port);
    set_nonblocking(listener.fd);
    loop = loop_open();
    pool = thread_pool_open("worker", workers, ROOM);
    peers_open(loop, pool, protocol, pause_ms);
    if (!loop_add(loop, &listener))
        fail("epoll_ctl", NULL);
    stop_on_signals(listener.fd);
    announce(listener.fd);
    loop_run(loop); /* told to stop, the listener and every peer come to their end */
    loop_close(loop);
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    peers_close();
    thread_pool_free(pool);
    return 0;
}
