/*
 * bad-main-waits-for-worker.c - the Reactor, but the main thread waits until the worker is done
 *
 * Shows:  then one event is under way at a time, however many workers there are: three of the four
 *         sleep, and every hand-over is paid for. A Reactor like this is slower than one thread.
 * Run:    build/05-reactor/bad-main-waits-for-worker -p 8000 -v -s 100
 * Watch:  four clients speak at once: the last is answered after 400 ms, not after 100.
 * Twin:   reactor.c
 * Book:   05-reactor, "What goes wrong"
 */
#include "error.h"
#include "source.h"

#include <errno.h>
#include <pthread.h>

enum { AT_ONCE = 64 };

static int epoll;
static struct queue *done;

static bool
arm(struct source *s)
{
    struct epoll_event event = {.events = s->interest, .data.ptr = s};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &event) == 0;
}

static void
disarm(struct source *s)
{
    check(epoll_ctl(epoll, EPOLL_CTL_DEL, s->fd, NULL), "epoll_ctl");
}

static void
end(struct source *s)
{
    source_close(s);
    free(s);
    one_less();
}

/* ---- the workers' side ---- */

/* False: the program is to stop. */
static bool
welcome(int listener)
{
    enum io_result result;
    struct source *s;
    int fd;

    while ((result = accept_peer(listener, &fd)) == IO_DATA)
        if ((s = source_new(fd))) {
            watched++;
            if (!arm(s))
                end(s);
        }
    return result != IO_END;
}

/* It is served again in a while, ready or not. */
static void
put_off(struct source *s)
{
    do
        sleep_ms(10);
    while (queue_try_put(events, s) != QUEUE_PUT && !arm(s));
}

static void
handle(struct source *s)
{
    bool goes_on;

    if (atomic_exchange(&s->busy, true)) {
        count.met++; /* another worker is at it already: leave it to that one */
        return;
    }
    record(&count.most_at_work, ++count.at_work);
    goes_on = s->listens ? welcome(s->fd) : source_serve(s);
    count.at_work--;
    s->busy = false;
    if (!goes_on)
        end(s);
    else if (!arm(s)) /* from here on it may be another worker's */
        put_off(s);   /* the kernel has no memory to watch it */
}

static void *
work(void *unused)
{
    struct source *s;

    while ((s = queue_take(events))) {
        handle(s);
        queue_try_put(done, s); /* a pointer to nowhere, perhaps: it only says "done" */
    }
    return unused;
}

/* ---- the main thread's side ---- */

/* False: nobody is left. */
static bool
wait_and_queue(void)
{
    struct epoll_event batch[AT_ONCE];
    int ready = epoll_wait(epoll, batch, AT_ONCE, -1);

    if (ready == -1 && errno != EINTR)
        fail("epoll_wait", NULL);
    for (int i = 0; i < ready; i++) {
        struct source *s = batch[i].data.ptr;

        if (!s)
            return false;
        disarm(s); /* first: from the next line on it is a worker's */
        queue_put(events, s);
        count_event(queue_length(events));
        queue_take(done);
    }
    return true;
}

int
main(int argc, char **argv)
{
    struct epoll_event last = {.events = EPOLLIN, .data.ptr = NULL};
    pthread_t threads[MOST_WORKERS];
    struct source *listening = set_up(argc, argv);

    epoll = check(epoll_create1(0), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, over, &last), "epoll_ctl");
    done = queue_open(ROOM);
    if (!arm(listening))
        fail("epoll_ctl", NULL);
    start_workers(threads, work);
    announce(listening->fd);
    while (wait_and_queue())
        ;
    end_workers(threads);
    queue_free(done);
    tell_counts();
    return 0;
}
