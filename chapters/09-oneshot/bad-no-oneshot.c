/*
 * bad-no-oneshot.c - two workers, and the edge is to keep them apart
 *
 * Shows:  an edge is told once, to one worker; but the next bytes are the next edge, and that is
 *         told to whoever waits. So both are at one connection, and one of two sums is lost.
 * Run:    build/09-oneshot/bad-no-oneshot
 * Watch:  ThreadSanitizer names the line that stores the sum, and the two threads that are at it.
 * Twin:   rearm.c
 * Book:   09-oneshot, "What goes wrong"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "workers.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORKERS = 2, NUMBERS = 8 };

static struct {
    int fd;
    int sum; /* of all numbers that have come; not atomic: it belongs to one worker at a time */
} connection;

static int epoll;
static long slow_ms;
static sem_t taken;        /* somebody has read a number */
static atomic_char latest; /* that has been added: relaxed, as it is not to order anything */

static void
arm(int op)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &connection};

    check(epoll_ctl(epoll, op, connection.fd, &event), "epoll_ctl");
}

/* The first of two takes a long time, unless somebody has added the second before. */
static void
think(char number)
{
    int64_t until = now_ns() + (number % 2 == 1 ? slow_ms * NS_PER_MS : 0);

    while (now_ns() < until && atomic_load_explicit(&latest, memory_order_relaxed) < number)
        sched_yield();
}

static void
serve(void)
{
    char number;
    int sum;

    if (read(connection.fd, &number, 1) != 1)
        return;
    sum = connection.sum;
    printf("%d has come; the sum is %d\n", number, sum);
    sem_post(&taken);
    think(number);
    sum += number;
    connection.sum = sum;
    printf("%d is added; the sum is %d\n", number, sum);
    check((int)write(connection.fd, &(char){(char)sum}, 1), "write");
    atomic_store_explicit(&latest, number, memory_order_relaxed);
    arm(EPOLL_CTL_MOD); /* from here on it may be the other's */
}

static void *
work(void *unused)
{
    struct epoll_event event;

    while (next_event(epoll, &event))
        serve();
    return unused;
}

static void
talk(int fd, char *answers)
{
    size_t got;

    for (char first = 1; first < NUMBERS; first = (char)(first + 2)) {
        for (char number = first; number < first + 2; number++) {
            check((int)write(fd, &number, 1), "write");
            sem_wait(&taken);
        }
        if (read_exactly(fd, answers + first - 1, 2, &got) != IO_DATA)
            fail("read", NULL);
    }
}

int
main(int argc, char **argv)
{
    const char *pause = "30";
    const struct own_option own[] = {
        {'s', "MS", "how long the first of two is thought about (30)", &pause}, {0}};
    char answers[NUMBERS];
    pthread_t workers[WORKERS];
    int ends[2], over;

    parse_args(argc, argv, own, "");
    slow_ms = parse_number(pause, 0, 10000, "MS");
    sem_init(&taken, 0, 0);
    epoll = check(epoll_create1(0), "epoll_create1");
    over = watch_for_the_end(epoll);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    connection.fd = ends[0];
    set_nonblocking(connection.fd);
    arm(EPOLL_CTL_ADD);
    start_workers(workers, WORKERS, work);
    talk(ends[1], answers);
    check(eventfd_write(over, 1), "eventfd_write");
    join_workers(workers, WORKERS);
    printf("answers:");
    for (int i = 0; i < NUMBERS; i++)
        printf(" %d", answers[i]);
    printf("; the sum is %d\n", connection.sum);
    return connection.sum != NUMBERS * (NUMBERS + 1) / 2;
}
