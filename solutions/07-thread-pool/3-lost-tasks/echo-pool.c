/*
 * echo-pool.c - a correct server: one thread watches, and a pool of them serves whoever is ready
 *
 * A ready peer is told of once (EPOLLONESHOT), and becomes a task. The worker reads, thinks, writes
 * what the kernel takes, and has the peer watched again: so it is in one pair of hands at a time.
 *
 * Run:    build/echo-pool -p 8000
 *         build/echo-pool -p 8000 -w 1 -s 100
 * Book:   07-thread-pool, "Tasks that get lost"
 */
#include "args.h"
#include "buffer.h"
#include "clock.h"
#include "error.h"
#include "net.h"
#include "thread_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OWED_MOST = 65536, SHORT = 4096, ROOM = 1024, LOOK_MS = 20 };

struct peer {
    struct task task;
    int fd;
    bool ended;         /* it has sent its last byte */
    struct buffer owed; /* what it has sent and not got back yet */
};

static int epoll;
static struct thread_pool *pool;
static long think_ms;
static atomic_int peers;

static void
end(struct peer *p)
{
    close(p->fd);
    buffer_close(&p->owed);
    free(p);
    peers--;
}

/* Has it watched, once, for what it waits for; the next to be told of it may be another worker. */
static void
watch(struct peer *p, int how)
{
    struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = p};

    if (buffer_length(&p->owed) > 0)
        event.events |= EPOLLOUT;
    if (!p->ended && buffer_room(&p->owed) > 0)
        event.events |= EPOLLIN;
    if (epoll_ctl(epoll, how, p->fd, &event) == -1)
        end(p);
}

/* A peer that has got back everything, and will send no more, is done with. */
static void
serve(void *own)
{
    struct peer *p = own;
    enum io_result received = IO_NOT_YET;

    if (!p->ended)
        received = buffer_read(&p->owed, p->fd);
    p->ended = p->ended || received == IO_END;
    if (received == IO_DATA && buffer_length(&p->owed) < SHORT)
        sleep_ms(think_ms);
    if (received == IO_FAILED || buffer_write(&p->owed, p->fd) == IO_FAILED ||
        (p->ended && buffer_length(&p->owed) == 0))
        end(p);
    else
        watch(p, EPOLL_CTL_MOD);
}

static void
begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    peers++;
    if (!p || !buffer_open(&p->owed, OWED_MOST))
        fail("calloc", "a peer");
    set_nonblocking(fd);
    p->fd = fd;
    p->task = (struct task){.run = serve, .owner = p};
    watch(p, EPOLL_CTL_ADD);
}

/* False: the program is to stop. */
static bool
welcome(int listener)
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(listener, &fd)) == IO_DATA)
        begin(fd);
    return result != IO_END;
}

static void
hand_over(struct peer *p)
{
    thread_pool_submit(pool, &p->task); /* without room it sleeps: others wait in the kernel */
}

int
main(int argc, char **argv)
{
    const char *workers = "4", *think = "0";
    const struct own_option own[] = {{'w', "WORKERS", "how many threads serve (4)", &workers},
                                     {'s', "MS", "how long one thinks about a piece (0)", &think},
                                     {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port);
    struct epoll_event event = {.events = EPOLLIN};
    bool stopping = false;

    think_ms = parse_number(think, 0, 10000, "MS");
    pool = thread_pool_open("worker", (size_t)parse_number(workers, 1, 64, "WORKERS"), ROOM);
    set_nonblocking(listener);
    epoll = check(epoll_create1(0), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
    stop_on_signals(listener);
    announce(listener);
    while (!stopping || peers > 0) {
        if (epoll_wait(epoll, &event, 1, stopping ? LOOK_MS : -1) <= 0)
            continue; /* or a worker has seen off the last one */
        if (event.data.ptr)
            hand_over(event.data.ptr);
        else if (!welcome(listener)) {
            stopping = true;
            close(listener);
        }
    }
    thread_pool_shutdown(pool, SHUTDOWN_DRAIN);
    thread_pool_free(pool);
    return 0;
}
