/*
 * herd - many threads wait for one listener: how many wake up for one peer?
 *
 * Shows:  where each has an epoll instance of its own, all are told of every peer; one gets it, the
 *         others have woken up in vain. EPOLLEXCLUSIVE tells one: always the first that is free.
 *         Those blocked in accept() take turns.
 * Run:    build/09-oneshot/herd
 *         build/09-oneshot/herd -w 16
 * Watch:  whoever is told waits at a gate until nobody else wakes up any more; so what is counted
 *         does not depend on who is quick.
 * Book:   09-oneshot, "The thundering herd"
 */
#include "../workers.h"
#include "args.h"
#include "net.h"
#include "stage.h"
#include "waiters.h"

#include <stdio.h>
#include <unistd.h>

enum { PEERS = 16 };

static const struct way ways[] = {
    {"in accept(), without epoll", IN_ACCEPT, 0},
    {"one epoll for all, by level", ONE_EPOLL, EPOLLIN},
    {"one epoll for all, by edge", ONE_EPOLL, EPOLLIN | EPOLLET},
    {"one epoll for all, EPOLLONESHOT", ONE_EPOLL, EPOLLIN | EPOLLONESHOT},
    {"an epoll each, by level", AN_EPOLL_EACH, EPOLLIN},
    {"an epoll each, by edge", AN_EPOLL_EACH, EPOLLIN | EPOLLET},
    {"an epoll each, EPOLLEXCLUSIVE", AN_EPOLL_EACH, EPOLLIN | EPOLLEXCLUSIVE},
    {"a listener each, SO_REUSEPORT", A_LISTENER_EACH, EPOLLIN},
};

/* How many are told of PEERS peers, which come one after the other. */
static int
call(int listener)
{
    int told = 0;

    for (int i = 0; i < PEERS; i++) {
        int fd;

        waiters_settle();
        fd = come(listener);
        waiters_settle();
        told += waiters_told();
        waiters_open_gate();
        waiters_settle();
        close(fd);
    }
    return told;
}

int
main(int argc, char **argv)
{
    const char *number = "8";
    const struct own_option own[] = {{'w', "WAITERS", "how many threads wait (8)", &number}, {0}};
    int count;

    parse_args(argc, argv, own, "");
    count = (int)parse_number(number, 1, MOST_WORKERS, "WAITERS");
    printf("%d threads wait, %d peers come\n", count, PEERS);
    printf("%-32s %5s %8s   %s\n", "", "told", "in vain", "who got how many");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        int listener = tcp_listen("127.0.0.1", "0"), told;

        waiters_start(count, &ways[i], listener);
        told = call(listener);
        waiters_end();
        printf("%-32s %5d %8d  ", ways[i].name, told, told - PEERS);
        for (int j = 0; j < count; j++)
            printf(" %d", waiters_accepted(j));
        puts("");
    }
    return 0;
}
