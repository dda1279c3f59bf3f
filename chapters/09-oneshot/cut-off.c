/*
 * cut-off.c - one thread ends a connection that another one is still serving
 *
 * Shows:  a descriptor is a number, and the number belongs to whoever uses it. A thread that wants
 *         the end, but does not own the number, calls shutdown(): the connection is over, and the
 *         number stays taken until its owner has seen that, and closes it.
 * Run:    build/09-oneshot/cut-off
 * Watch:  what B gets, which has said nothing.
 * Breaks: bad-close-under-feet.c
 * Book:   09-oneshot, "What goes wrong"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct peer {
    char name;
    int fd;  /* ours */
    int far; /* the other end, with which the peer itself would speak */
    bool open;
    pthread_mutex_t lock; /* guards `open`: nobody may end what its owner has closed already */
} a = {.name = 'A', .lock = PTHREAD_MUTEX_INITIALIZER},
  b = {.name = 'B', .lock = PTHREAD_MUTEX_INITIALIZER};

/* So that all comes in the worst order, every time. Relaxed: it is not to order anything else. */
static atomic_int moment;

static void
wait_for(int number)
{
    while (atomic_load_explicit(&moment, memory_order_relaxed) < number)
        sleep_ms(1);
}

static void
reach(int number)
{
    atomic_store_explicit(&moment, number, memory_order_relaxed);
}

static void
join(struct peer *p)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    p->fd = ends[0];
    p->far = ends[1];
    p->open = true;
    set_nonblocking(p->far);
    printf("%c has come, as descriptor %d\n", p->name, p->fd);
}

static void
cut_off(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->open)
        shutdown(p->fd, SHUT_RDWR);
    pthread_mutex_unlock(&p->lock);
    printf("main: %c has taken too long, and is cut off\n", p->name);
}

/* ---- the owner's side ---- */

static void
leave(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    p->open = false;
    close(p->fd);
    pthread_mutex_unlock(&p->lock);
}

static void *
serve(void *own)
{
    struct peer *p = own;
    char question;

    check((int)read(p->fd, &question, 1), "read");
    printf("worker: %c asks something; thinks about it\n", p->name);
    reach(1);
    wait_for(2);
    if (write(p->fd, "for A only", 10) == -1) {
        printf("worker: %c gets no answer (%s), and is closed\n", p->name, errno_name(errno));
        leave(p);
    } else {
        printf("worker: %c is answered, on descriptor %d\n", p->name, p->fd);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t worker;
    char bytes[16];
    ssize_t n;

    parse_args(argc, argv, NULL, "");
    signal(SIGPIPE, SIG_IGN);
    join(&a);
    check((int)write(a.far, "?", 1), "write");
    errno = pthread_create(&worker, NULL, serve, &a);
    if (errno)
        fail("pthread_create", NULL);
    wait_for(1);
    cut_off(&a);
    join(&b);
    reach(2);
    pthread_join(worker, NULL);
    n = read(b.far, bytes, sizeof bytes);
    printf("B, who has asked nothing, hears: %.*s\n", n > 0 ? (int)n : 7,
           n > 0 ? bytes : "nothing");
    return n > 0;
}
