/*
 * serve - a file server that no peer can keep waiting: one thread, and a machine for each peer
 *
 * Shows:  a loop that only waits and moves bytes (here), a connection that can stop anywhere and
 *         go on later (peer.c), and a protocol that knows of neither (lib/http_files.c).
 * Run:    build/08-fsm/serve -p 8000 -d book
 * Watch:  build/08-fsm/serve -t 2000, and a request that you type by hand in tcp-client: after
 *         two seconds you are told 408. With -P echo the same loop speaks another protocol.
 * Breaks: while the disk is busy with a file, all wait. And poll() looks at every peer each
 *         time: chapter 05 mends that.
 * Book:   08-fsm, "A server that stops in the middle"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "http_files.h"
#include "net.h"
#include "peer.h"

#include <errno.h>
#include <unistd.h>

enum { MOST_PEERS = 4000 };

static const struct protocol *protocol;
static int64_t patience;
static struct peer peers[1 + MOST_PEERS];
static struct pollfd watched[1 + MOST_PEERS]; /* for the peer of the same number; 0: the listener */
static size_t count = 1;

/* False: the server is to stop. */
static bool
welcome(int listener)
{
    enum io_result result = IO_DATA;
    struct pollfd *w;

    while (count <= MOST_PEERS) {
        w = &watched[count];
        result = accept_peer(listener, &w->fd);
        if (result != IO_DATA)
            break;
        set_nonblocking(w->fd);
        if (peer_open(&peers[count], w, protocol, patience))
            count++;
        else
            close(w->fd);
    }
    return result != IO_END;
}

/* The last takes the place of the one that ends. */
static void
end(size_t i)
{
    peer_close(&peers[i]);
    close(watched[i].fd);
    peers[i] = peers[--count];
    watched[i] = watched[count];
}

/* Milliseconds until the next deadline; -1: there is none. */
static int
time_left(void)
{
    int64_t next = INT64_MAX, now = now_ns();

    for (size_t i = 1; i < count; i++)
        if (peers[i].deadline < next)
            next = peers[i].deadline;
    if (next == INT64_MAX)
        return -1;
    return next < now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
}

/* A step forward has put the deadline off; but a peer that only keeps us busy does not escape. */
static void
serve(size_t i, int64_t now)
{
    bool goes_on = true;

    if (watched[i].revents)
        goes_on = peer_step(&peers[i], &watched[i]);
    if (goes_on && now >= peers[i].deadline)
        goes_on = peer_late(&peers[i], &watched[i]);
    if (!goes_on)
        end(i);
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *name = "http", *ms = "10000";
    const struct own_option own[] = {
        {'d', "DIRECTORY", "whose files are served (.)", &directory},
        {'P', "PROTOCOL", "http or echo (http)", &name},
        {'t', "MS", "how long to wait for a head, or a step forward (10000)", &ms},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    bool listens = true;
    int listener;

    protocol = find_protocol(name);
    patience = parse_number(ms, 1, 1000000, "MS") * NS_PER_MS;
    http_files_root(directory);
    listener = tcp_listen(args.address, args.port);
    set_nonblocking(listener);
    stop_on_signals(listener);
    announce(listener);
    while (listens || count > 1) { /* told to stop, all come to their end: see net.h */
        watched[0] = (struct pollfd){listens ? listener : -1, count <= MOST_PEERS ? POLLIN : 0, 0};
        if (poll(watched, count, time_left()) == -1) {
            if (errno != EINTR)
                fail("poll", NULL);
            continue;
        }
        for (size_t i = count; i-- > 1;) /* backwards: end() moves only those already served */
            serve(i, now_ns());
        if (watched[0].revents)
            listens = welcome(listener);
    }
    close(listener);
    return 0;
}
