/*
 * select.c - one process waits for all its clients at once, with select()
 *
 * Shows:  select() tells which descriptors can be read without sleeping. Then the simplest
 *         thing is done with each: one blocking read, one blocking write.
 * Run:    build/11-models/select -p 8000
 * Watch:  build/10-webbench/load -c 100 127.0.0.1 8000: all 100 are answered, by one process.
 * Breaks: descriptors from FD_SETSIZE (1,024) on do not fit in an fd_set; and a client that
 *         sends but never reads: the write to it sleeps, and so does everybody's server.
 * Book:   11-models, "One process, many clients"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

static fd_set watched;
static int highest = -1; /* of those in `watched`; -1 when it is empty */

/* False for a descriptor that does not fit: FD_SET() would write beyond the set, select(2). */
static bool
watch(int fd)
{
    if (fd >= FD_SETSIZE)
        return false;
    FD_SET(fd, &watched);
    if (fd > highest)
        highest = fd;
    return true;
}

static void
end(int fd)
{
    FD_CLR(fd, &watched);
    while (highest >= 0 && !FD_ISSET(highest, &watched))
        highest--;
    close(fd);
}

static void
admit(int peer)
{
    static bool told;

    if (watch(peer))
        return;
    if (!told)
        fprintf(stderr, "select: descriptor %d is beyond FD_SETSIZE: closed, as all such will be\n",
                peer);
    told = true;
    close(peer);
}

static void
echo_once(int peer)
{
    char buf[1 << 16];
    ssize_t n = read(peer, buf, sizeof buf);

    if (n == -1 && errno == EINTR)
        return; /* it is still readable: select() will say so again */
    if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
        end(peer);
}

static void
welcome(int listener)
{
    int peer;
    enum io_result result;

    while ((result = accept_peer(listener, &peer)) == IO_DATA)
        admit(peer);
    if (result == IO_END)
        end(listener);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);

    set_nonblocking(listener); /* a peer may be gone again between select() and accept() */
    watch(listener);
    stop_on_signals(listener);
    announce(listener);
    while (highest >= 0) { /* told to stop, the listener and every peer come to their end */
        fd_set readable = watched;

        if (select(highest + 1, &readable, NULL, NULL, NULL) == -1) {
            if (errno != EINTR)
                fail("select", NULL);
            continue;
        }
        for (int fd = 0, last = highest; fd <= last; fd++)
            if (FD_ISSET(fd, &readable))
                fd == listener ? welcome(fd) : echo_once(fd);
    }
    return 0;
}
