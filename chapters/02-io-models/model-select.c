/*
 * model-select.c - I/O model 3: one call waits for many peers, another one copies
 *
 * Shows:  select() blocks, too, but on all of them at once: whoever speaks first is heard
 *         first. It says who is ready, in a set that it overwrites; then we copy.
 * Run:    build/02-io-models/model-select
 * Watch:  two calls for each message, and nothing lies in the kernel; no other work is done.
 * Breaks: bad-fdset-overflow.c
 * Book:   02-io-models, "Multiplexing"
 */
#include "task.h"

#include <sys/select.h>

int
main(int argc, char **argv)
{
    begin_task(argc, argv, NULL);
    while (messages_missing()) {
        fd_set ready;
        int highest = -1;

        FD_ZERO(&ready);
        for (int peer = 0; peer < PEERS; peer++)
            if (task.missing[peer] > 0) {
                FD_SET(task.fd[peer], &ready);
                highest = task.fd[peer] > highest ? task.fd[peer] : highest;
            }
        if (counted(select(highest + 1, &ready, NULL, NULL, NULL)) == -1)
            continue; /* EINTR: the set says nothing */
        for (int peer = 0; peer < PEERS; peer++)
            if (FD_ISSET(task.fd[peer], &ready))
                receive(peer, MESSAGE);
    }
    return end_task("select");
}
