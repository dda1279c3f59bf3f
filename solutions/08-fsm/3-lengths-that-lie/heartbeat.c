/*
 * heartbeat.c - a server that answers frames: heartbeats come back, all others are passed over
 *
 * Shows:  three places where a length is believed: when it is read, when it is added to another,
 *         and when it is compared with what has come.
 * Run:    build/heartbeat -p 8000
 * Book:   08-fsm, "Lengths that lie"
 */
#include "args.h"
#include "io.h"
#include "net.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A frame: command, stream id (4 bytes), length of the data (2, big-endian), data. */
enum { HEADER = 7, MOST_DATA = 65535, HEARTBEAT_ASK = 8, HEARTBEAT_SAY = 9 };

static unsigned char buf[HEADER + MOST_DATA];

/* How long the frame is that begins with this header. */
static size_t
frame_len(const unsigned char *header)
{
    size_t len = (size_t)(header[5] << 8 | header[6]);

    return HEADER + len;
}

/* Answers the frames that are whole, and moves the rest to the beginning. False: it is over. */
static bool
answer(int peer, size_t *have)
{
    size_t len;

    while (*have >= HEADER && *have >= (len = frame_len(buf))) {
        if (buf[0] == HEARTBEAT_ASK) {
            buf[0] = HEARTBEAT_SAY;
            if (write_all(peer, buf, len) != IO_DATA)
                return false;
        }
        *have -= len;
        memmove(buf, buf + len, *have);
    }
    return true;
}

static void
serve(int peer)
{
    size_t have = 0;

    for (;;) { /* there is room: a frame that fills `buf` is whole, and has been answered */
        ssize_t n = read(peer, buf + have, sizeof buf - have);

        if (io_result(n) == IO_INTERRUPTED)
            continue;
        if (n <= 0)
            return;
        have += (size_t)n;
        if (!answer(peer, &have))
            return;
    }
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    int peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        serve(peer);
        close(peer);
    }
    return 0;
}
