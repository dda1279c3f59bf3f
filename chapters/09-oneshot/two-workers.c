/*
 * two-workers.c - two workers wait on one epoll instance for one connection
 *
 * Shows:  while one thinks about a message, the next makes the descriptor ready again, and the
 *         other is told, by the level as well as by the edge: its answer overtakes. EPOLLONESHOT
 *         tells one worker, and nobody else until that one says so.
 * Run:    build/09-oneshot/two-workers
 *         build/09-oneshot/two-workers -t et-oneshot -n 100000 -s 0
 * Watch:  TRACE=both.json, and build/lib/timeline --text both.json: who works when?
 * Book:   09-oneshot, "Two workers, one connection"
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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORKERS = 2, ELSEWHERE_MS = 5, MOST = 1000000 };

static long messages, slow_ms;
static char answers[MOST + 1];
static uint32_t interest;
static int epoll, peer;
static sem_t taken; /* somebody has read a message */
static atomic_long told, at_it, overlaps, latest;

/* The first of two takes long, unless the second has overtaken it; the second takes a third. */
static void
think(char letter)
{
    bool slow = letter % 2 == 'a' % 2;
    int64_t until = now_ns() + (slow ? slow_ms : slow_ms / 3) * NS_PER_MS;

    while (now_ns() < until && !(slow && latest == letter + 1))
        sched_yield();
}

static void
serve(void)
{
    char letter;

    if (read(peer, &letter, 1) != 1)
        return; /* the other has been told of it, too, and was faster */
    sem_post(&taken);
    think(letter);
    check((int)write(peer, &letter, 1), "write");
    latest = letter;
}

static void *
work(void *unused)
{
    struct epoll_event event;

    while (next_event(epoll, &event)) {
        told++;
        overlaps += at_it++ > 0;
        serve();
        at_it--;
        event.events = interest;
        if (interest & EPOLLONESHOT) /* from here on it may be the other's */
            check(epoll_ctl(epoll, EPOLL_CTL_MOD, peer, &event), "epoll_ctl");
        if (slow_ms > 0)
            sleep_ms(ELSEWHERE_MS); /* so that the next message is the other's */
    }
    return unused;
}

/* Sends two by two: the second as soon as somebody has the first. */
static void
talk(int fd)
{
    size_t got;

    for (long i = 0; i < messages; i += 2) {
        for (long j = i; j < i + 2; j++) {
            check((int)write(fd, &(char){(char)('a' + j % 26)}, 1), "write");
            sem_wait(&taken);
        }
        if (read_exactly(fd, answers + i, 2, &got) != IO_DATA)
            fail("read", NULL);
    }
}

static void
run(const char *name, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &peer};
    pthread_t workers[WORKERS];
    int ends[2], over, overtaken = 0;

    interest = events;
    told = at_it = overlaps = latest = 0;
    epoll = check(epoll_create1(0), "epoll_create1");
    over = watch_for_the_end(epoll);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    peer = ends[0];
    set_nonblocking(peer);
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event), "epoll_ctl");
    start_workers(workers, WORKERS, work);
    talk(ends[1]);
    check(eventfd_write(over, 1), "eventfd_write");
    join_workers(workers, WORKERS);
    for (long i = 0; i < messages; i += 2)
        overtaken += answers[i] > answers[i + 1];
    printf("%-29s %7ld %9ld %10d  %.16s\n", name, (long)told, (long)overlaps, overtaken, answers);
    close(ends[0]);
    close(ends[1]);
    close(over);
    close(epoll);
}

int
main(int argc, char **argv)
{
    static const struct way {
        const char *letters, *name;
        uint32_t events;
    } ways[] = {{"lt", "level triggered", EPOLLIN},
                {"et", "edge triggered", EPOLLIN | EPOLLET},
                {"lt-oneshot", "level triggered, EPOLLONESHOT", EPOLLIN | EPOLLONESHOT},
                {"et-oneshot", "edge triggered, EPOLLONESHOT", EPOLLIN | EPOLLET | EPOLLONESHOT}};
    const char *only = "", *number = "16", *pause = "60";
    const struct own_option own[] = {
        {'t', "WAY", "only lt, et, lt-oneshot or et-oneshot", &only},
        {'n', "MESSAGES", "how many are sent, two by two (16)", &number},
        {'s', "MS", "how long the first of two is thought about (60)", &pause},
        {0}};

    parse_args(argc, argv, own, "");
    messages = (parse_number(number, 1, MOST, "MESSAGES") + 1) / 2 * 2;
    slow_ms = parse_number(pause, 0, 10000, "MS");
    sem_init(&taken, 0, 0);
    printf("%-29s %7s %9s %10s  %s\n", "", "told", "overlaps", "overtaken", "came back");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (!*only || strcmp(only, ways[i].letters) == 0)
            run(ways[i].name, ways[i].events);
    if (told == 0)
        return fprintf(stderr, "two-workers: WAY cannot be %s\n", only), 2;
    return 0;
}
