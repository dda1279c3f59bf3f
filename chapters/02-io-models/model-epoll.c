/*
 * model-epoll.c - I/O model 3 once more: the kernel keeps the list
 *
 * Shows:  the descriptors are handed over once, by epoll_ctl(); epoll_wait() returns only those
 *         that are ready. The copying is still ours: epoll is synchronous, too.
 * Run:    build/02-io-models/model-epoll
 * Watch:  three more calls than model-poll, for the three epoll_ctl(). They pay off when
 *         there are thousands of peers, of whom few speak: chapters 05 and 11.
 * Book:   02-io-models, "Multiplexing"
 */
#include "task.h"

#include <sys/epoll.h>

int
main(int argc, char **argv)
{
    struct epoll_event ready[PEERS];
    int epoll;

    begin_task(argc, argv, NULL);
    epoll = check(epoll_create1(0), "epoll_create1");
    for (int peer = 0; peer < PEERS; peer++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)peer};

        check(counted(epoll_ctl(epoll, EPOLL_CTL_ADD, task.fd[peer], &interest)), "epoll_ctl");
    }
    while (messages_missing()) {
        int n = counted(epoll_wait(epoll, ready, PEERS, -1)); /* -1, EINTR: none is ready */

        for (int i = 0; i < n; i++)
            receive((int)ready[i].data.u32, MESSAGE);
    }
    close(epoll);
    return end_task("epoll");
}
