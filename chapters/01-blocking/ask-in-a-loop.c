/*
 * ask-in-a-loop.c - a nonblocking echo server that asks everybody, again and again
 *
 * Shows:  with O_NONBLOCK no call waits, so one thread serves many peers; but to find out
 *         who has spoken it must ask them all, and asking uses a whole CPU.
 * Run:    build/01-blocking/ask-in-a-loop -v -p 8000
 * Watch:  top: 100 % with nobody there. Ctrl-C: -v tells how often it asked in vain.
 * Breaks: bad-eagain-is-eof.c
 * Book:   01-blocking, "Ask in a loop"
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
    return io_result(n);
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
