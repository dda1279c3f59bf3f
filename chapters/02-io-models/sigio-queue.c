/*
 * sigio-queue.c - what a signal tells about eight descriptors, and what it forgets
 *
 * Shows:  a standard signal is one bit: eight pieces of news leave one SIGIO, which names no
 *         descriptor. F_SETSIG puts the descriptor into it; with a real-time signal, each has
 *         its place in a queue. The queue has a limit: beyond it SIGIO comes again, as a bit
 *         that says only: look for yourself.
 * Run:    build/02-io-models/sigio-queue
 * Book:   02-io-models, "Signal-driven"
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 8, ROOM = 4 };

static int us[PEERS], peer[PEERS];
static sigset_t both; /* SIGIO and SIGRTMIN: blocked, and taken out of the queue by hand */

/* How many signals all processes of this user have in their queues; see proc(5), SigQ. */
static rlim_t
queued_now(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long queued = 0;
    char line[200];

    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "SigQ: %lu/", &queued) == 1)
            break;
    if (status)
        fclose(status);
    return queued;
}

static void
leave_room_for(rlim_t signals)
{
    struct rlimit limit;

    check(getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
    limit.rlim_cur = queued_now() + signals;
    check(setrlimit(RLIMIT_SIGPENDING, &limit), "setrlimit");
}

/* All peers speak. Which signals are there, and what do they name? */
static void
ask_the_signals(void)
{
    static const struct timespec at_once = {0};
    int of_queue = 0, of_sigio = 0, named = 0, signal;
    siginfo_t info;

    for (int i = 0; i < PEERS; i++)
        if (write_all(peer[i], "x", 1) != IO_DATA)
            fail("write", NULL);
    while ((signal = sigtimedwait(&both, &info, &at_once)) > 0) {
        signal == SIGIO ? of_sigio++ : of_queue++;
        named += info.si_code == POLL_IN; /* else SI_KERNEL, and si_fd has no meaning */
    }
    printf("%8d %10d %13d", of_sigio, of_queue, named);
}

/* The way back when signals were lost: the descriptors themselves still know. */
static void
ask_the_descriptors(void)
{
    struct pollfd list[PEERS];
    char byte;
    int ready;

    for (int i = 0; i < PEERS; i++)
        list[i] = (struct pollfd){.fd = us[i], .events = POLLIN};
    ready = check(poll(list, PEERS, 0), "poll");
    for (int i = 0; i < PEERS; i++)
        if (list[i].revents && read(us[i], &byte, 1) != 1)
            fail("read", NULL);
    printf(" %14d\n", ready);
}

static void
try_with(const char *how, int signal)
{
    printf("%-30s", how);
    for (int i = 0; i < PEERS; i++)
        check(fcntl(us[i], F_SETSIG, signal), "fcntl(F_SETSIG)");
    ask_the_signals();
    ask_the_descriptors();
}

int
main(int argc, char **argv)
{
    parse_args(argc, argv, NULL, "");
    sigemptyset(&both);
    sigaddset(&both, SIGIO);
    sigaddset(&both, SIGRTMIN);
    check(sigprocmask(SIG_BLOCK, &both, NULL), "sigprocmask");
    for (int i = 0; i < PEERS; i++) {
        int pair[2];

        check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
        us[i] = pair[0];
        peer[i] = pair[1];
        check(fcntl(us[i], F_SETOWN, getpid()), "fcntl(F_SETOWN)");
        check(fcntl(us[i], F_SETFL, O_NONBLOCK | O_ASYNC), "fcntl(F_SETFL)");
    }
    puts("8 descriptors become ready:    SIGIO   SIGRTMIN   name theirs   poll() finds");
    try_with("SIGIO as it is (F_SETSIG 0)", 0);
    try_with("F_SETSIG SIGIO", SIGIO);
    try_with("F_SETSIG SIGRTMIN", SIGRTMIN);
    leave_room_for(ROOM);
    try_with("F_SETSIG SIGRTMIN, room for 4", SIGRTMIN);
    return 0;
}
