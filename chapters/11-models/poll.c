/*
 * poll.c - one process waits for all its clients at once, with poll()
 *
 * Shows:  poll() takes a list of the descriptors it is to watch, as long as one likes, where
 *         select() takes a set of 1,024 bits. What it finds is served as in select.c.
 * Run:    build/11-models/poll -p 8000
 * Watch:  build/10-webbench/load -c 2000 127.0.0.1 8000: select cannot hold so many.
 * Breaks: the kernel is handed the whole list, and looks at all of it, at every call: the
 *         idle cost as much as the busy. And the client that never reads, as in select.c.
 * Book:   11-models, "One process, many clients"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct pollfd *watched; /* no gaps: the first `count` are in use */
static size_t count, room;

static void
watch(int fd)
{
    if (count == room) {
        room = room ? 2 * room : 64;
        watched = realloc(watched, room * sizeof *watched);
        if (!watched)
            fail("realloc", NULL);
    }
    watched[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* The last takes the place of the one that ends. */
static void
end(size_t i)
{
    close(watched[i].fd);
    watched[i] = watched[--count];
}

static void
echo_once(size_t i)
{
    char buf[1 << 16];
    int peer = watched[i].fd;
    ssize_t n = read(peer, buf, sizeof buf);

    if (n == -1 && errno == EINTR)
        return; /* it is still readable: poll() will say so again */
    if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
        end(i);
}

static void
welcome(size_t i)
{
    int peer;
    enum io_result result;

    while ((result = accept_peer(watched[i].fd, &peer)) == IO_DATA)
        watch(peer);
    if (result == IO_END)
        end(i);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);

    set_nonblocking(listener); /* a peer may be gone again between poll() and accept() */
    watch(listener);
    stop_on_signals(listener);
    announce(listener);
    while (count > 0) { /* told to stop, the listener and every peer come to their end */
        if (poll(watched, count, -1) == -1) {
            if (errno != EINTR)
                fail("poll", NULL);
            continue;
        }
        for (size_t i = count; i-- > 0;) /* backwards: end() moves only those already served */
            if (watched[i].revents)
                watched[i].fd == listener ? welcome(i) : echo_once(i);
    }
    free(watched);
    return 0;
}
