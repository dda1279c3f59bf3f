/*
 * model-blocking.c - I/O model 1: the call waits, and then copies
 *
 * Shows:  one call has both phases: it sleeps until the data is there, then it copies. No other
 *         work is done; and it waits for one peer, whoever else may have spoken.
 * Run:    build/02-io-models/model-blocking
 * Watch:  C speaks first, and lies in the kernel for 40 ms; three sleeps for nine messages.
 * Book:   02-io-models, "Blocking"
 */
#include "task.h"

int
main(int argc, char **argv)
{
    begin_task(argc, argv, NULL);
    while (messages_missing())
        for (int peer = 0; peer < PEERS; peer++)
            receive(peer, MESSAGE); /* sleeps until this one has spoken */
    return end_task("blocking");
}
