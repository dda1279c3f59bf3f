/*
 * bad-trusts-length.c - sends the data of one frame back, as much as the frame says it is
 *
 * Shows:  a frame that claims more than it brings is answered with what lies behind it in memory:
 *         this was Heartbleed (CVE-2014-0160), and it leaves no trace in a log.
 * Run:    printf '\x08\0\0\0\0\0\100hello' | build/08-fsm/bad-trusts-length
 * Watch:  it says more than hello; cat -v shows all of it.
 * Twin:   answers-heartbeat.c
 * Book:   08-fsm, "What goes wrong"
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A frame: command, stream id (4 bytes), length of the data (2, big-endian), data. */
enum { HEADER = 7, ROOM = 40 };

static bool
answer(const unsigned char *frame, size_t came)
{
    size_t length;

    if (came < HEADER)
        return false;
    length = (size_t)frame[5] << 8 | frame[6];
    return fwrite(frame + HEADER, 1, length, stdout) == length;
}

int
main(int argc, char **argv)
{
    unsigned char *frame;
    char *secret;
    size_t came;
    bool answered;

    parse_args(argc, argv, NULL, "");
    frame = malloc(ROOM);
    secret = strdup("the password of somebody else");
    if (!frame || !secret)
        fail("malloc", NULL);
    read_exactly(STDIN_FILENO, frame, ROOM, &came); /* no matter how it ended: `came` counts */
    answered = answer(frame, came);
    free(secret);
    free(frame);
    return !answered;
}
