#include "peers.h"

#include "clock.h"
#include "error.h"
#include "net.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIGNALS, LISTENER, ALARM, FIRST_PEER }; /* the places in `watched` */

struct peers
peers_begin(int listener)
{
    struct peers p = {.listener = listener};
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    check(sigprocmask(SIG_BLOCK, &stop, NULL), "sigprocmask");
    p.signals = check(signalfd(-1, &stop, SFD_NONBLOCK), "signalfd");
    signal(SIGPIPE, SIG_IGN);
    set_nonblocking(listener);
    return p;
}

/* ---- peers come and go ---- */

/* Makes room for one more peer, in both lists. */
static void
make_room(struct peers *p)
{
    if (p->count < p->room)
        return;
    p->room = p->room ? 2 * p->room : 64;
    p->list = reallocarray(p->list, p->room, sizeof *p->list);
    p->watched = reallocarray(p->watched, FIRST_PEER + p->room, sizeof *p->watched);
    if (!p->list || !p->watched)
        fail("reallocarray", "peers");
}

static void
welcome(struct peers *p)
{
    struct peer *peer;
    int fd;

    while (accept_peer(p->listener, &fd) == IO_DATA) {
        peer = peer_begin(fd);
        if (!peer)
            return;
        make_room(p);
        p->list[p->count++] = peer;
    }
}

/* The last takes the place of the one that leaves. */
static void
see_off(struct peers *p, size_t i)
{
    peer_end(p->list[i]);
    p->list[i] = p->list[--p->count];
}

/* ---- events ---- */

/*
 * No more peers; and with those that are there it is as if they had sent their last byte. What has
 * come is still answered, and each leaves as it would have left.
 */
static void
begin_to_stop(struct peers *p)
{
    close(p->listener);
    p->listener = -1;
    p->deadline = now_ns() + NS_PER_SECOND;
    for (size_t i = 0; i < p->count; i++)
        shutdown(p->list[i]->fd, SHUT_RD); /* fails if the peer is gone, and does no harm */
}

/* Milliseconds until the deadline, rounded up; -1: there is none. */
static int
time_left(const struct peers *p)
{
    int64_t left = p->deadline - now_ns();

    if (p->listener != -1)
        return -1;
    return left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

bool
peers_turn(struct peers *p, int alarm, bool receive)
{
    size_t count;

    for (size_t i = p->count; i-- > 0;) /* backwards: the last has been looked at */
        if (peer_is_done(p->list[i]))
            see_off(p, i);
    if (p->listener == -1 && (p->count == 0 || time_left(p) == 0))
        return false;

    make_room(p);
    count = p->count;
    p->watched[SIGNALS] = (struct pollfd){p->listener != -1 ? p->signals : -1, POLLIN, 0};
    p->watched[LISTENER] = (struct pollfd){receive ? p->listener : -1, POLLIN, 0};
    p->watched[ALARM] = (struct pollfd){alarm, POLLIN, 0};
    for (size_t i = 0; i < count; i++)
        p->watched[FIRST_PEER + i] = peer_wanted(p->list[i], receive);

    if (poll(p->watched, FIRST_PEER + count, time_left(p)) == -1) {
        if (errno != EINTR)
            fail("poll", NULL);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        peer_serve(p->list[i], p->watched[FIRST_PEER + i]);
    if (p->watched[LISTENER].revents)
        welcome(p);
    if (p->watched[SIGNALS].revents) /* it is not read: one is enough, nobody asks again */
        begin_to_stop(p);
    return true;
}

void
peers_end(struct peers *p)
{
    while (p->count > 0)
        see_off(p, p->count - 1);
    free(p->list);
    free(p->watched);
    close(p->signals);
}
