#include "waiters.h"

#include "../workers.h"
#include "io.h"
#include "stage.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static struct waiter {
    int listener, epoll, over;
    atomic_int tid;
    int accepted;
} waiters[MOST_WORKERS];

static pthread_t threads[MOST_WORKERS];
static int waiter_count;
static const struct way *way;
static atomic_int started, told;
static sem_t gate;

static void *
wait_for_peers(void *unused)
{
    struct waiter *w = &waiters[started++];
    struct epoll_event event;
    int peer = -1;

    w->tid = gettid();
    while (way->where == IN_ACCEPT ? (peer = accept(w->listener, NULL, NULL)) != -1
                                   : next_event(w->epoll, &event)) {
        told++;
        sem_wait(&gate);
        if (way->where != IN_ACCEPT)
            peer = accept(w->listener, NULL, NULL);
        if (peer != -1) { /* else another has it */
            w->accepted++;
            close(peer);
        }
        event.events = way->interest;
        if (way->interest & EPOLLONESHOT)
            check(epoll_ctl(w->epoll, EPOLL_CTL_MOD, w->listener, &event), "epoll_ctl");
    }
    return unused;
}

static void
prepare(struct waiter *w, int listener)
{
    struct epoll_event event = {.events = way->interest, .data.ptr = w};

    *w = (struct waiter){listener, waiters[0].epoll, waiters[0].over, 0, 0};
    if (way->where == IN_ACCEPT || (way->where == ONE_EPOLL && w != waiters))
        return;
    if (way->where == A_LISTENER_EACH && w != waiters)
        w->listener = listen_too(listener);
    set_nonblocking(w->listener);
    w->epoll = check(epoll_create1(0), "epoll_create1");
    w->over = watch_for_the_end(w->epoll);
    check(epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->listener, &event), "epoll_ctl");
}

void
waiters_start(int count, const struct way *which, int listener)
{
    waiter_count = count;
    way = which;
    started = 0;
    sem_init(&gate, 0, 0);
    for (int i = 0; i < count; i++)
        prepare(&waiters[i], listener);
    start_workers(threads, count, wait_for_peers);
}

static bool
all_asleep(void)
{
    for (int i = 0; i < waiter_count; i++)
        if (!is_asleep(waiters[i].tid))
            return false;
    return true;
}

/*
 * All are looked at twice: one that was seen asleep may be woken up by another, which falls asleep
 * before it is seen. The second look finds the first one awake, or at the gate.
 */
void
waiters_settle(void)
{
    int before = told;

    for (int looks = 0; looks < 2; looks++)
        if (!all_asleep() || told != before) {
            before = told;
            looks = -1;
        }
}

int
waiters_told(void)
{
    return told;
}

void
waiters_open_gate(void)
{
    for (int i = atomic_exchange(&told, 0); i > 0; i--)
        sem_post(&gate);
}

/* Closes what was opened for it alone; what is shared is the first one's. */
static void
let_go(const struct waiter *w)
{
    if (w == waiters || way->where == A_LISTENER_EACH)
        close(w->listener);
    if (way->where != IN_ACCEPT && (w == waiters || way->where != ONE_EPOLL)) {
        close(w->over);
        close(w->epoll);
    }
}

void
waiters_end(void)
{
    for (int i = 0; i < waiter_count; i++)
        if (way->where == IN_ACCEPT)
            shutdown(waiters[i].listener, SHUT_RD); /* wakes up those blocked; twice: no harm */
        else
            check(eventfd_write(waiters[i].over, 1), "eventfd_write");
    join_workers(threads, waiter_count);
    for (int i = 0; i < waiter_count; i++)
        let_go(&waiters[i]);
}

int
waiters_accepted(int number)
{
    return waiters[number].accepted;
}
