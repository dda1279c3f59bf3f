/*
 * past-1023.c - an echo server with select(), and what it says to one peer too many
 *
 * Run:    make, then build/past-1023 -p 8000
 * Test:   make test
 * Book:   02-io-models, "select past 1023"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

static fd_set watched;
static int highest = -1; /* of those in `watched`; -1 when it is empty */

static void
watch(int fd)
{
    FD_SET(fd, &watched);
    if (fd > highest)
        highest = fd;
}

static void
end(int fd)
{
    FD_CLR(fd, &watched);
    while (highest >= 0 && !FD_ISSET(highest, &watched))
        highest--;
    close(fd);
}

/* Watches a new peer; one whose descriptor does not fit is refused, see README.md. */
static void
admit(int peer)
{
    if (peer < FD_SETSIZE) {
        watch(peer);
        return;
    }
    fprintf(stderr, "past-1023: refused: descriptor %d does not fit into an fd_set\n", peer);
    close(peer);
}

static void
echo_once(int peer)
{
    char buf[4096];
    ssize_t n = read(peer, buf, sizeof buf);

    if (n == -1 && errno == EINTR)
        return; /* it is still readable: select() will say so again */
    if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
        end(peer);
}

static void
welcome(int listener)
{
    enum io_result result;
    int peer;

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

    set_nonblocking(listener);
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
