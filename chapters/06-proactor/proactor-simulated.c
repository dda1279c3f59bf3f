/*
 * proactor-simulated.c - the main thread reads and writes; workers only think
 *
 * Shows:  the Proactor, with what epoll offers. The main thread waits until it can read, reads what
 *         is there, and queues it; a worker makes the answer, and asks for writability; the main
 *         thread is told, and writes. To a worker it looks as if somebody else had read. One
 *         request of a peer is under way at a time, so its answers keep their order.
 * Run:    build/06-proactor/proactor-simulated -p 8000
 *         build/06-proactor/proactor-simulated -p 8000 -P http -d book -w 4
 * Watch:  with TRACE all reads and writes are in one lane; with -v, what there was to do.
 * Book:   06-proactor, "A Proactor with your own hands"
 */
#include "workers.h"

#include <pthread.h>
#include <sys/epoll.h>

enum { AT_ONCE = 64 };

static int epoll;

/* A connection on the list is the main thread's; off it, it is the worker's that took it. */
static bool
watch(int operation, struct connection *c, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = c};

    return epoll_ctl(epoll, operation, c->fd, &event) == 0;
}

/* ---- the workers' side ---- */

static void *
work(void *unused)
{
    struct connection *c;

    while ((c = queue_take(requests))) {
        think(c);
        if (!watch(EPOLL_CTL_ADD, c, EPOLLOUT))
            connection_end(c);
    }
    return unused;
}

/* ---- the main thread's side ---- */

static void
begin(int fd)
{
    struct connection *c = connection_new(fd, sizeof *c);

    if (c && !watch(EPOLL_CTL_ADD, c, EPOLLIN))
        connection_end(c);
}

/* One call takes all there is, or as much as there is room for. */
static void
read_all(struct connection *c)
{
    enum io_result got = buffer_read(&c->in, c->fd);

    count.reads++;
    c->ended = got == IO_END;
    c->broken = got == IO_FAILED;
}

static void
write_some(struct connection *c)
{
    count.writes += buffer_length(&c->out) > 0;
    c->broken = buffer_write(&c->out, c->fd) == IO_FAILED;
}

/* Off the list first: EPOLLERR and EPOLLHUP are always told, and soon it is no longer ours. */
static void
hand_over(struct connection *c)
{
    check(epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL), "epoll_ctl");
    queue_put(requests, c);
}

static void
serve(struct connection *c, uint32_t events)
{
    bool reads = !(events & EPOLLOUT);
    uint32_t next;

    reads ? read_all(c) : write_some(c);
    if (worth_a_thought(c, reads)) {
        hand_over(c);
        return;
    }
    next = next_step(c);
    if (!next)
        connection_end(c);
    else if (next != (reads ? EPOLLIN : EPOLLOUT))
        watch(EPOLL_CTL_MOD, c, next); /* takes no memory, so it cannot fail */
}

/* False: nobody is left. */
static bool
wait_and_serve(int listener)
{
    struct epoll_event batch[AT_ONCE];
    int ready = epoll_wait(epoll, batch, AT_ONCE, -1);

    if (ready == -1 && errno != EINTR)
        fail("epoll_wait", NULL);
    for (int i = 0; i < ready; i++) {
        void *who = batch[i].data.ptr;

        if (who == &over)
            return false;
        who ? serve(who, batch[i].events) : (void)welcome(listener, begin);
    }
    return true;
}

int
main(int argc, char **argv)
{
    int listener = set_up(argc, argv, NULL);
    struct epoll_event listening = {.events = EPOLLIN}, last = {EPOLLIN, {&over}};
    pthread_t threads[MOST_WORKERS];

    epoll = check(epoll_create1(0), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening), "epoll_ctl");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, over, &last), "epoll_ctl");
    start_workers(threads, work);
    announce(listener);
    while (wait_and_serve(listener))
        ;
    end_workers(threads);
    tell_counts();
    return 0;
}
