/*
 * model-nonblocking.c - I/O model 2: the call does not wait, it says "not yet"
 *
 * Shows:  between two questions the program works. What it learns it learns by asking, and
 *         nearly every question is in vain (EAGAIN). It still does the copying itself.
 * Run:    build/02-io-models/model-nonblocking
 * Watch:  the calls; and that the CPU is busy all the time, half of it with asking.
 * Book:   02-io-models, "Nonblocking"
 */
#include "task.h"

int
main(int argc, char **argv)
{
    begin_task(argc, argv, NULL);
    for (int peer = 0; peer < PEERS; peer++)
        set_nonblocking(task.fd[peer]);
    while (messages_missing()) {
        for (int peer = 0; peer < PEERS; peer++)
            receive(peer, MESSAGE); /* EAGAIN, and nothing is lost by it */
        other_work();
    }
    return end_task("nonblocking");
}
