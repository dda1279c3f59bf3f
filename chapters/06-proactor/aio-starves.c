/*
 * aio-starves.c - twenty are waited for; the next to come is not even started
 *
 * Shows:  glibc serves aio_read() with threads, and a thread that waits for a silent peer is of no
 *         use to another. It makes 20 unless aio_init() has said otherwise; the 21st peer may speak
 *         as loudly as it likes.
 * Run:    build/06-proactor/aio-starves
 *         build/06-proactor/aio-starves -n 19
 *         build/06-proactor/aio-starves -n 1000 -t 1001        a thread for each
 * Watch:  the threads; and how long it takes until the one that speaks is heard.
 * Book:   06-proactor, "Threads that nobody sees"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <aio.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { MOST_PEERS = 4000, LONG_MS = 10000 };

static struct peer {
    int near, far; /* our end of the connection, and the peer's own */
    struct aiocb request;
    char bytes[16];
} peer[MOST_PEERS];

/* A folder has two links, and one more for each folder in it: here, for each thread. */
static int
threads(void)
{
    struct stat tasks;

    check(stat("/proc/self/task", &tasks), "stat");
    return (int)tasks.st_nlink - 2;
}

static void
submit(struct peer *p)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    p->near = ends[0];
    p->far = ends[1];
    p->request = (struct aiocb){.aio_fildes = p->near,
                                .aio_buf = p->bytes,
                                .aio_nbytes = sizeof p->bytes,
                                .aio_sigevent.sigev_notify = SIGEV_NONE};
    check(aio_read(&p->request), "aio_read");
}

static void
speak(struct peer *p)
{
    check((int)send(p->far, "hello", 5, 0), "send");
}

/* Is its request done, now or within `ms`? If not: what does poll() say of it meanwhile? */
static bool
heard(struct peer *p, long ms)
{
    const struct aiocb *list[] = {&p->request};
    struct pollfd readable = {.fd = p->near, .events = POLLIN};
    struct timespec patience = {ms / 1000, ms % 1000 * NS_PER_MS};
    int ready;

    while (aio_suspend(list, 1, &patience) == -1 && errno == EINTR)
        ;
    if (aio_error(&p->request) == 0) {
        printf("heard, %zd bytes\n", aio_return(&p->request));
        return true;
    }
    ready = check(poll(&readable, 1, 0), "poll");
    printf("not heard; aio_error() says %s, poll() says %s\n", errno_name(aio_error(&p->request)),
           ready ? "readable" : "nothing to read");
    return false;
}

int
main(int argc, char **argv)
{
    const char *silent = "20", *most = NULL, *ms = "200";
    const struct own_option own[] = {{'n', "PEERS", "that are silent (20)", &silent},
                                     {'t', "THREADS", "by aio_init(), not as it is", &most},
                                     {'d', "MS", "that the last one is waited for (200)", &ms},
                                     {0}};
    struct aioinit init = {.aio_num = 64};
    struct rlimit limit;
    long n;

    parse_args(argc, argv, own, "");
    n = parse_number(silent, 1, MOST_PEERS - 1, "PEERS");
    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    if (most) {
        init.aio_threads = (int)parse_number(most, 1, MOST_PEERS, "THREADS");
        aio_init(&init);
    }
    for (long i = 0; i <= n; i++)
        submit(&peer[i]);
    printf("%ld requests to read, %d threads (one of them is ours)\n", n + 1, threads());
    printf("the last peer speaks: ");
    speak(&peer[n]);
    if (!heard(&peer[n], parse_number(ms, 1, LONG_MS, "MS"))) {
        printf("the first peer speaks, too: ");
        speak(&peer[0]);
        heard(&peer[0], LONG_MS);
        printf("and the last peer is now ");
        heard(&peer[n], LONG_MS);
    }
    return 0;
}
