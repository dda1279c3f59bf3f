/*
 * bad-eagain-is-eof.c - a nonblocking echo server that hangs up on whoever thinks
 *
 * Shows:  on a nonblocking socket -1 with EAGAIN means "nothing yet". Taken for the end, it
 *         costs the connection of every peer that has not spoken by the time it is asked.
 * Run:    build/01-blocking/bad-eagain-is-eof -p 8000
 * Watch:  a client that sends at once is often answered, so it "works"; one that waits for
 *         you to type is cut off before the first key.
 * Twin:   ask-in-a-loop.c
 * Book:   01-blocking, "What goes wrong"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PEERS = 1000 };

struct peer {
    int fd;
    size_t owed; /* how many bytes of buf have been read and not yet written back */
    char buf[4096];
};

static struct peer peers[MOST_PEERS];
static size_t peer_count;
static unsigned long asked, in_vain;

static enum io_result
ask_listener(int listener)
{
    struct peer *next = &peers[peer_count];
    enum io_result result = accept_peer(listener, &next->fd);

    if (result == IO_DATA) {
        set_nonblocking(next->fd);
        next->owed = 0;
        peer_count++;
    }
    return result;
}

/* One call: a write if something is owed to this peer, else a read. */
static enum io_result
ask_peer(struct peer *peer)
{
    ssize_t n;

    if (peer->owed == 0) {
        n = read(peer->fd, peer->buf, sizeof peer->buf);
        if (n > 0)
            peer->owed = (size_t)n;
    } else {
        n = write(peer->fd, peer->buf, peer->owed);
        if (n > 0) {
            peer->owed -= (size_t)n;
            memmove(peer->buf, peer->buf + n, peer->owed);
        }
    }
    return n > 0 ? IO_DATA : IO_END; /* no bytes: so it has closed */
}

static enum io_result
count(enum io_result result)
{
    asked++;
    if (result == IO_NOT_YET)
        in_vain++;
    return result;
}

int
main(int argc, char **argv)
{
    const char *verbose = NULL;
    const struct own_option own[] = {{'v', NULL, "at the end, tell how often it asked", &verbose},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port);
    enum io_result result, news = IO_NOT_YET; /* of a peer; of the listener */

    set_nonblocking(listener);
    stop_on_signals(listener);
    announce(listener);
    while (news != IO_END || peer_count > 0) {
        if (peer_count < MOST_PEERS)
            news = count(ask_listener(listener));
        for (size_t i = 0; i < peer_count;) {
            result = count(ask_peer(&peers[i]));
            if (result != IO_END && result != IO_FAILED) {
                i++;
            } else {
                close(peers[i].fd);
                peers[i] = peers[--peer_count];
            }
        }
    }
    if (verbose)
        fprintf(stderr, "asked %lu times, %lu times in vain (EAGAIN)\n", asked, in_vain);
    return 0;
}
