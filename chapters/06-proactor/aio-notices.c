/*
 * aio-notices.c - fifty requests are done: how many notices come, and what has become of the bytes?
 *
 * Shows:  a signal that is pending does not become pending twice, unless it is a real-time signal:
 *         those stand in a queue. Where the queue has no room, glibc cannot tell; it then puts the
 *         failure of the *notice* in place of the result of the *request*.
 * Run:    build/06-proactor/aio-notices
 * Watch:  the last line: everything has been read, and every request says EAGAIN.
 * Book:   06-proactor, "Threads that nobody sees"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <aio.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 50 };

static struct aiocb request[REQUESTS];
static char bytes[REQUESTS][16];
static sigset_t all; /* SIGUSR1 and SIGRTMIN: blocked, and taken out of the queue by hand */
static atomic_int threads;

static void
in_a_thread(union sigval which)
{
    (void)which;
    threads++;
}

/* Reads from fifty peers that have spoken; returns when all requests are done. */
static void
read_from_all(int notify, int signal)
{
    for (int i = 0; i < REQUESTS; i++) {
        int ends[2];

        check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
        check((int)send(ends[1], "hello", 5, 0), "send");
        close(ends[1]);
        request[i] = (struct aiocb){.aio_fildes = ends[0],
                                    .aio_buf = memset(bytes[i], 0, sizeof bytes[i]),
                                    .aio_nbytes = sizeof bytes[i],
                                    .aio_sigevent = {.sigev_notify = notify,
                                                     .sigev_signo = signal,
                                                     .sigev_value.sival_int = i}};
        if (notify == SIGEV_THREAD)
            request[i].aio_sigevent.sigev_notify_function = in_a_thread;
        check(aio_read(&request[i]), "aio_read");
    }
    for (int i = 0; i < REQUESTS; i++) {
        const struct aiocb *list[] = {&request[i]};

        check(aio_suspend(list, 1, NULL), "aio_suspend"); /* it comes after the notice */
        close(request[i].aio_fildes);
    }
}

/* How many notices have come, and how many of them name a request? */
static void
tell_notices(int notify)
{
    int notices = 0, named = 0;
    siginfo_t info;

    while (sigtimedwait(&all, &info, &(struct timespec){0}) != -1) {
        notices++;
        named += info.si_code == SI_ASYNCIO; /* else SI_USER, as from kill() */
    }
    while (notify == SIGEV_THREAD && threads < REQUESTS)
        sleep_ms(1); /* they are on their way */
    printf("%8d %6d", notices + threads, named + threads);
    threads = 0;
}

static void
tell_results(void)
{
    int done = 0, failed = 0, there = 0;

    for (int i = 0; i < REQUESTS; i++) {
        failed += aio_error(&request[i]) == EAGAIN;
        done += aio_return(&request[i]) == 5;
        there += strcmp(bytes[i], "hello") == 0;
    }
    printf(" %8d %7d %14d\n", done, failed, there);
}

static void
try_with(const char *how, int notify, int signal)
{
    printf("%-31s", how);
    fflush(stdout);
    read_from_all(notify, signal);
    tell_notices(notify);
    tell_results();
}

int
main(int argc, char **argv)
{
    struct rlimit limit;

    parse_args(argc, argv, NULL, "");
    sigemptyset(&all);
    sigaddset(&all, SIGUSR1);
    sigaddset(&all, SIGRTMIN);
    check(sigprocmask(SIG_BLOCK, &all, NULL), "sigprocmask");
    puts("50 requests are done, told by   notices  named  5 bytes  EAGAIN  in the buffer");
    try_with("SIGEV_NONE", SIGEV_NONE, 0);
    try_with("SIGEV_THREAD", SIGEV_THREAD, 0);
    try_with("SIGEV_SIGNAL, SIGUSR1", SIGEV_SIGNAL, SIGUSR1);
    try_with("SIGEV_SIGNAL, SIGRTMIN", SIGEV_SIGNAL, SIGRTMIN);
    check(getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
    limit.rlim_cur = 0;
    check(setrlimit(RLIMIT_SIGPENDING, &limit), "setrlimit");
    try_with("SIGUSR1, no room in the queue", SIGEV_SIGNAL, SIGUSR1);
    try_with("SIGRTMIN, no room in the queue", SIGEV_SIGNAL, SIGRTMIN);
    return 0;
}
