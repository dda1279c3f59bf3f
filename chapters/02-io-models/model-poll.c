/*
 * model-poll.c - I/O model 3 again: the list of descriptors is ours, of any length
 *
 * Shows:  what we wait for (events) and what has happened (revents) are two fields, so the list
 *         is written once. The kernel walks through all of it in each call, as select() does.
 * Run:    build/02-io-models/model-poll
 * Watch:  the same figures as model-select: with three peers there is no difference.
 * Book:   02-io-models, "Multiplexing"
 */
#include "task.h"

#include <poll.h>

int
main(int argc, char **argv)
{
    struct pollfd list[PEERS];

    begin_task(argc, argv, NULL);
    for (int peer = 0; peer < PEERS; peer++)
        list[peer] = (struct pollfd){.fd = task.fd[peer], .events = POLLIN};
    while (messages_missing()) {
        if (counted(poll(list, PEERS, -1)) == -1)
            continue; /* EINTR */
        for (int peer = 0; peer < PEERS; peer++)
            if (list[peer].revents) {
                receive(peer, MESSAGE);
                if (task.missing[peer] == 0)
                    list[peer].fd = -1; /* poll() passes over it */
            }
    }
    return end_task("poll");
}
