/*
 * loop-per-thread.c - as many loops as threads, each with a listener of its own
 *
 * Shows:  nothing is shared, so nothing is locked: with SO_REUSEPORT the kernel itself deals the
 *         connections out, by a hash of the addresses. A peer stays with its thread.
 * Run:    build/05-reactor/loop-per-thread -p 8000 -w 4
 * Watch:  ss -ltn 'sport = 8000': four listeners. -v, and kill it: how even is the deal?
 * Breaks: peers are dealt out before anybody asks who has time: a busy loop gets its share, too.
 * Book:   05-reactor, "More than one loop"
 */
#include "args.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

enum { MOST_WORKERS = 64 };

static const struct protocol *protocol;
static long workers;
static struct worker {
    pthread_t thread;
    struct loop *loop;
    struct handler listener;
    long accepted;
} worker[MOST_WORKERS];

/* The signal has shut down only the first listener. Shutting one down twice does no harm. */
static void
stop_all(struct worker *w)
{
    loop_remove(&w->listener);
    for (long i = 0; w == worker && i < workers; i++)
        shutdown(worker[i].listener.fd, SHUT_RD);
}

static void
welcome(void *owner, uint32_t events)
{
    struct worker *w = owner;
    enum io_result result;
    int fd;

    (void)events;
    while ((result = accept_peer(w->listener.fd, &fd)) == IO_DATA) {
        w->accepted++;
        peer_join(w->loop, peer_new(fd, protocol));
    }
    if (result == IO_END)
        stop_all(w);
}

/* Another listener on the address of the first one. */
static int
listen_too(int first)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    int on = 1, listener;

    check(getsockname(first, (struct sockaddr *)&addr, &len), "getsockname");
    listener = check(socket(addr.ss_family, SOCK_STREAM, 0), "socket");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
    check(bind(listener, (struct sockaddr *)&addr, len), "bind");
    check(listen(listener, SOMAXCONN), "listen");
    return listener;
}

static void
prepare(struct worker *w, int listener)
{
    set_nonblocking(listener);
    w->listener =
        (struct handler){.fd = listener, .interest = EPOLLIN, .ready = welcome, .owner = w};
    w->loop = loop_open();
    if (!loop_add(w->loop, &w->listener))
        fail("epoll_ctl", NULL);
}

static void *
work(void *own)
{
    struct worker *w = own;

    loop_run(w->loop);
    loop_close(w->loop);
    return NULL;
}

int
main(int argc, char **argv)
{
    const char *name = "echo", *directory = ".", *threads = "2", *verbose = NULL;
    const struct own_option own[] = {{'P', "PROTOCOL", "echo or http (echo)", &name},
                                     {'d', "DIRECTORY", "whose files http serves (.)", &directory},
                                     {'w', "THREADS", "so many loops (2)", &threads},
                                     {'v', NULL, "tell at the end who got how many", &verbose},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int on = 1, listener;

    protocol = find_protocol(name);
    http_files_root(directory);
    workers = parse_number(threads, 1, MOST_WORKERS, "THREADS");
    listener = tcp_listen(args.address, args.port); /* first: a port that is taken is refused */
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
    for (long i = 0; i < workers; i++)
        prepare(&worker[i], i == 0 ? listener : listen_too(listener));
    stop_on_signals(listener);
    for (long i = 1; i < workers; i++) {
        errno = pthread_create(&worker[i].thread, NULL, work, &worker[i]);
        if (errno)
            fail("pthread_create", NULL);
    }
    announce(listener);
    work(&worker[0]);
    for (long i = 0; i < workers; i++) {
        if (i > 0)
            pthread_join(worker[i].thread, NULL);
        close(worker[i].listener.fd);
        if (verbose)
            fprintf(stderr, "loop %ld: %ld peers\n", i, worker[i].accepted);
    }
    return 0;
}
