/*
 * answers-heartbeat.c - sends the data of one frame back, if all of it has come
 *
 * Shows:  a frame says how long its data is, and that is a claim of the sender's: what has come
 *         decides. A frame is answered when both agree.
 * Run:    printf '\x08\0\0\0\0\0\5hello' | build/08-fsm/answers-heartbeat
 * Watch:  printf '\x08\0\0\0\0\0\100hello': a length of 64, and 5 bytes.
 * Breaks: bad-trusts-length.c
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
    if (length > came - HEADER)
        return false; /* not here yet, or never */
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
