#include "peers.h"

#include "clock.h"
#include "connection.h"
#include "error.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct peer {
    struct handler handler; /* while it is in the loop */
    struct task task;       /* while it is in the pool */
    struct peer *next;      /* while it is on its way back */
    struct connection connection;
    bool readable;
};

static struct loop *loop;
static struct thread_pool *pool;
static const struct protocol *protocol;
static int64_t pause_ms;
static size_t peers;
static bool no_more; /* will begin */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards `served` */
static struct peer *served;                              /* they are on their way back */
static struct handler bell; /* an eventfd(2), readable when there are some */

/* ---- the workers' side ---- */

static void
give_back(struct peer *p)
{
    bool first;

    pthread_mutex_lock(&lock);
    first = !served;
    p->next = served;
    served = p;
    pthread_mutex_unlock(&lock);
    if (first) /* else somebody has rung, and nobody has come yet */
        check(eventfd_write(bell.fd, 1), "eventfd_write");
}

static void
serve(void *owner)
{
    struct peer *p = owner;

    if (p->readable) {
        connection_receive(&p->connection);
        if (pause_ms && !p->connection.ended)
            sleep_ms(pause_ms); /* as if there were something to think about */
    }
    connection_send(&p->connection);
    give_back(p);
}

/* ---- the loop's side ---- */

/* Sleeps as long as the pool has no room: whoever else is ready waits in the kernel. */
static void
hand_over(void *owner, uint32_t events)
{
    struct peer *p = owner;

    loop_remove(&p->handler); /* first: after the next lines it is a worker's */
    p->readable = events & ~(uint32_t)EPOLLOUT;
    thread_pool_submit(pool, &p->task);
}

/* What does it wait for? If for nothing, it is over. */
static void
watch(struct peer *p)
{
    p->handler.interest = connection_interest(&p->connection);
    if (p->handler.interest && loop_add(loop, &p->handler))
        return;
    connection_close(&p->connection);
    free(p);
    peers--;
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

void
peers_open(struct loop *l, struct thread_pool *workers, const struct protocol *spoken, int64_t ms)
{
    loop = l;
    pool = workers;
    protocol = spoken;
    pause_ms = ms;
    bell = (struct handler){.interest = EPOLLIN, .ready = take_back};
    bell.fd = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    if (!loop_add(loop, &bell))
        fail("epoll_ctl", NULL);
}

void
peer_begin(int fd)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p || !connection_open(&p->connection, fd, protocol)) {
        free(p);
        close(fd);
        return;
    }
    p->handler = (struct handler){.fd = fd, .ready = hand_over, .owner = p};
    p->task = (struct task){.run = serve, .owner = p};
    peers++;
    watch(p);
}

void
peers_last(void)
{
    no_more = true;
    check(eventfd_write(bell.fd, 1), "eventfd_write"); /* perhaps there are none */
}

void
peers_close(void)
{
    close(bell.fd);
}
