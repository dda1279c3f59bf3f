/*
 * stale-event.c - an event of a peer that is gone, in a batch that was fetched before
 *
 * Shows:  epoll_wait() tells what was true when it returned. Whoever removes a peer while a batch
 *         is being worked off must strike out what the batch says about it: number and memory may
 *         be another's by then.
 * Run:    build/05-reactor/stale-event
 * Watch:  C comes while the batch still holds an event of B's, and gets B's number. Nobody has
 *         said a word to it.
 * Breaks: bad-stale-event.c
 * Book:   05-reactor, "What goes wrong"
 */
#include "error.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64 };

static struct peer { /* by descriptor */
    char name;
    int far; /* the other end, with which the peer itself would speak */
} peers[MOST];

static struct epoll_event batch[MOST];
static int epoll, ready, next; /* from `next` on, the batch is still to be worked off */

static int
join(char name)
{
    struct epoll_event event = {.events = EPOLLIN};
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), "socketpair");
    event.data.fd = ends[0];
    peers[ends[0]] = (struct peer){.name = name, .far = ends[1]};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll_ctl");
    printf("%c has come, as descriptor %d\n", name, ends[0]);
    return ends[0];
}

static void
leave(int fd)
{
    for (int i = next; i < ready; i++)
        if (batch[i].data.fd == fd)
            batch[i].events = 0;
    close(fd);
    close(peers[fd].far);
    printf("%c leaves\n", peers[fd].name);
}

/* A's word is that B has to go, and C may come. */
static void
serve(int fd, int other)
{
    char word;

    if (read(fd, &word, 1) != 1) {
        printf("%c is told to be readable, and there is nothing to read\n", peers[fd].name);
    } else if (peers[fd].name == 'A') {
        printf("A says: B must go\n");
        leave(other);
        join('C');
    } else {
        printf("%c says something\n", peers[fd].name);
    }
}

int
main(void)
{
    int a, b;

    epoll = check(epoll_create1(0), "epoll_create1");
    a = join('A');
    b = join('B');
    check((int)write(peers[a].far, "x", 1), "write");
    check((int)write(peers[b].far, "x", 1), "write");
    ready = check(epoll_wait(epoll, batch, MOST, -1), "epoll_wait");
    printf("epoll_wait() tells of %d\n", ready);
    while (next < ready) {
        struct epoll_event event = batch[next++];

        if (event.events)
            serve(event.data.fd, b);
    }
    return 0;
}
