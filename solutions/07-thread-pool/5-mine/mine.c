/*
 * mine.c - one loop that watches, and a pool that serves; this is the I/O unit, with main()
 *
 * Shows:  a peer is in the loop, in the pool, or on its way back by a list and an eventfd: in one
 *         pair of hands at a time. The other two units have not changed, and know of no thread.
 * Run:    build/mine -w 4 -s 300 -p 8000
 * Book:   07-thread-pool, "A server with a pool"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "loop.h"
#include "net.h"
#include "thread_pool.h"
#include "units.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_WORKERS = 64, ROOM = 1024 };

struct peer {
    struct handler handler; /* while it is in the loop */
    struct task task;       /* while it is in the pool */
    struct peer *next;      /* while it is on its way back */
    struct timer farewell;  /* until then it has to end its side, once we have ended ours */
    struct talk *talk;
    struct buffer in, out;
    bool ended;    /* it has sent its last byte */
    bool over;     /* the talk is; what is in `out` has still to go */
    bool leaving;  /* all has gone, and we have ended our side */
    bool readable; /* the loop has said so */
    bool broken;
};

static const char *protocol = "echo";
static struct loop *loop;
static struct thread_pool *pool;
static long think_ms;
static size_t peers;
static bool no_more; /* will begin */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `served` */
static struct peer *served;                              /* they are on their way back */
static struct handler bell;                              /* readable when there are some */

/* ---- peers ---- */

static void
ring(void)
{
    check(eventfd_write(bell.fd, 1), "eventfd_write");
}

static void
forget(struct peer *p)
{
    if (p->talk)
        talk_end(p->talk);
    buffer_close(&p->in);
    buffer_close(&p->out);
    free(p);
    peers--;
    if (no_more && peers == 0)
        ring();
}

static void
end(struct peer *p)
{
    loop_clear_timer(loop, &p->farewell);
    loop_remove(&p->handler);
    close(p->handler.fd);
    forget(p);
}

static void
too_late(void *owner)
{
    end(owner);
}

/* To close a socket with unread bytes resets it, and the peer may lose the last answer. So we end
 * our side, and read, and throw away what we read, until it ends its own: for a second. */
static void
take_leave(struct peer *p)
{
    shutdown(p->handler.fd, SHUT_WR);
    p->leaving = true;
    loop_change(&p->handler, EPOLLIN);
    if (p->ended || !loop_set_timer(loop, &p->farewell, now_ns() + NS_PER_SECOND))
        end(p);
}

static void
listen_no_more(struct peer *p)
{
    char nowhere[4096];
    enum io_result result = io_result(read(p->handler.fd, nowhere, sizeof nowhere));

    if (result == IO_END || result == IO_FAILED)
        end(p);
}

/* Goes on as far as `in` and `out` allow. */
static void
talk(struct peer *p)
{
    if (!p->over)
        p->over = !talk_on(p->talk, &p->in, &p->out, p->ended);
}

/* ---- the workers' side ---- */

static void
give_back(struct peer *p)
{
    pthread_mutex_lock(&lock);
    p->next = served;
    served = p;
    pthread_mutex_unlock(&lock);
    ring();
}

/* Reads once, thinks, writes once, and waits for nobody. */
static void
serve(void *owner)
{
    struct peer *p = owner;
    enum io_result received = IO_NOT_YET;

    if (p->readable && !p->ended)
        received = buffer_read(&p->in, p->handler.fd);
    p->ended = p->ended || received == IO_END;
    if (received == IO_DATA && think_ms > 0)
        sleep_ms(think_ms);
    talk(p);
    p->broken = received == IO_FAILED || buffer_write(&p->out, p->handler.fd) == IO_FAILED;
    if (!p->broken)
        talk(p); /* there may be room for more now */
    give_back(p);
}

/* ---- the loop's side ---- */

static void
hand_over(void *owner, uint32_t events)
{
    struct peer *p = owner;

    if (p->leaving) {
        listen_no_more(p);
        return;
    }
    loop_remove(&p->handler); /* first: after the next lines it is a worker's */
    p->readable = events & ~(uint32_t)EPOLLOUT;
    thread_pool_submit(pool, &p->task);
}

/* To speak, if there is room for what it says; to take what it is owed. */
static void
watch(struct peer *p)
{
    p->handler.interest = buffer_length(&p->out) > 0 ? EPOLLOUT : 0;
    if (!p->ended && !p->over && buffer_room(&p->in) > 0)
        p->handler.interest |= EPOLLIN;
    if (p->broken || !loop_add(loop, &p->handler)) {
        close(p->handler.fd);
        forget(p);
    } else if (p->over && buffer_length(&p->out) == 0) {
        take_leave(p);
    }
}

static void
take_back(void *unused, uint32_t events)
{
    struct peer *p, *next;
    eventfd_t rung;

    (void)unused;
    (void)events;
    eventfd_read(bell.fd, &rung); /* before we look, or a peer that comes now is not heard */
    pthread_mutex_lock(&lock);
    p = served;
    served = NULL;
    pthread_mutex_unlock(&lock);
    for (; p; p = next) {
        next = p->next;
        watch(p);
    }
    if (no_more && peers == 0)
        loop_remove(&bell); /* not closed: whoever gave the last one back may not have rung yet */
}

static void
begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (p) {
        peers++;
        p->handler =
            (struct handler){.fd = fd, .interest = EPOLLIN, .ready = hand_over, .owner = p};
        p->task = (struct task){.run = serve, .owner = p};
        p->farewell = (struct timer){.expired = too_late, .owner = p};
        p->talk = talk_begin(protocol);
    }
    set_nonblocking(fd);
    if (p && p->talk && buffer_open(&p->in, IN_ROOM) && buffer_open(&p->out, OUT_ROOM) &&
        loop_add(loop, &p->handler))
        return;
    close(fd); /* there is no memory for this one */
    if (p)
        forget(p);
}

/* ---- the listener ---- */

static void welcome(void *, uint32_t);
static void look_again(void *);

static struct handler listener = {.interest = EPOLLIN, .ready = welcome};
static struct timer no_descriptor = {.expired = look_again};

static void
look_again(void *unused)
{
    (void)unused;
    loop_change(&listener, EPOLLIN);
}

/* Somebody is waiting whom we cannot accept: to be told of that again and again helps nobody. */
static void
look_away(void)
{
    if (loop_set_timer(loop, &no_descriptor, now_ns() + 100 * NS_PER_MS))
        loop_change(&listener, 0);
}

static void
welcome(void *unused, uint32_t events)
{
    enum io_result result;
    int fd;

    (void)unused;
    (void)events;
    while ((result = accept_peer(listener.fd, &fd)) == IO_DATA)
        begin(fd);
    if (result == IO_END) { /* the program is to stop */
        loop_clear_timer(loop, &no_descriptor);
        loop_remove(&listener);
        close(listener.fd);
        no_more = true;
        ring(); /* perhaps there are none */
    } else if (errno != EAGAIN) {
        look_away();
    }
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *workers = "4", *think = "0";
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &protocol},
        {'d', "DIRECTORY", "what http serves (.)", &directory},
        {'w', "WORKERS", "how many threads serve (4)", &workers},
        {'s', "MS", "how long one thinks about what it has read (0)", &think},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    size_t n = (size_t)parse_number(workers, 1, MOST_WORKERS, "WORKERS");

    think_ms = parse_number(think, 0, 10000, "MS");
    if (strcmp(protocol, "echo") != 0 && strcmp(protocol, "http") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY]\n");
        return 2;
    }
    if (strcmp(protocol, "http") == 0)
        storage_begin(directory);
    listener.fd = tcp_listen(args.address, args.port);
    set_nonblocking(listener.fd);
    loop = loop_open();
    pool = thread_pool_open("worker", n, ROOM);
    bell = (struct handler){.interest = EPOLLIN, .ready = take_back};
    bell.fd = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    if (!loop_add(loop, &listener) || !loop_add(loop, &bell))
        fail("epoll_ctl", NULL);
    stop_on_signals(listener.fd);
    announce(listener.fd);
    loop_run(loop); /* told to stop, the listener and every peer come to their end */
    loop_close(loop);
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    thread_pool_free(pool);
    close(bell.fd);
    return 0;
}
