/*
 * bad-client-bound.c - a client that takes its own slowness for the server's
 *
 * Shows:  poll() looks at a thousand silent descriptors before it tells of the one that speaks, and
 *         that takes longer than the answer. What comes out is the rate of this client; it is
 *         printed as if it were the server's.
 * Run:    build/10-webbench/bad-client-bound
 * Watch:  -i 0: the server, which has not changed, answers several times as much. A clock that is
 *         read, a message that is formatted, memory that is allocated for each request do the same.
 * Twin:   who-is-the-limit.c
 * Book:   10-webbench, "Who is the limit?"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SILENT = 1000 };

static struct pollfd watched[1 + MOST_SILENT]; /* watched[0] speaks, the others never do */

static int64_t
cpu_ns(clockid_t clock)
{
    struct timespec t;

    check(clock_gettime(clock, &t), "clock_gettime");
    return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

/* The server computes so long before each answer. It ends with the connection. */
static _Noreturn void
serve(int fd, int64_t work)
{
    char byte;

    while (read(fd, &byte, 1) == 1) {
        int64_t until = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + work;

        while (work > 0 && cpu_ns(CLOCK_PROCESS_CPUTIME_ID) < until)
            ;
        if (write(fd, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* Returns its process; we speak with it by watched[0]. */
static pid_t
start_server(int64_t work)
{
    int ends[2];
    pid_t pid;

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    pid = check(fork(), "fork");
    close(ends[pid == 0 ? 0 : 1]);
    if (pid == 0)
        serve(ends[1], work);
    watched[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    return pid;
}

static void
ask(nfds_t count)
{
    char byte = 'x';

    check((int)write(watched[0].fd, &byte, 1), "write");
    check(poll(watched, count, -1), "poll");
    check((int)read(watched[0].fd, &byte, 1), "read");
}

/* `took`: ns, all together. */
static bool
judge(double requests, double took)
{
    printf("the server answers %.0f a second\n", requests * NS_PER_SECOND / took);
    return true;
}

int
main(int argc, char **argv)
{
    const char *count = "2000", *idle = "1000", *work = "0";
    const struct own_option own[] = {
        {'n', "REQUESTS", "how often it asks (2000)", &count},
        {'i', "N", "how many silent descriptors are watched, too (1000)", &idle},
        {'w', "US", "how long the server computes for an answer (0)", &work},
        {0}};
    long requests, silent;
    int64_t begin;
    bool verdict;
    pid_t pid;

    parse_args(argc, argv, own, "");
    requests = parse_number(count, 1, 100000000, "REQUESTS");
    silent = parse_number(idle, 0, MOST_SILENT, "N");
    pid = start_server(parse_number(work, 0, 1000000, "US") * 1000);
    for (long i = 1; i <= silent; i++)
        watched[i] = (struct pollfd){.fd = check(eventfd(0, 0), "eventfd"), .events = POLLIN};
    begin = now_ns();
    for (long i = 0; i < requests; i++)
        ask(1 + (nfds_t)silent);
    verdict = judge((double)requests, (double)(now_ns() - begin));
    close(watched[0].fd);
    check(waitpid(pid, NULL, 0), "waitpid");
    return !verdict;
}
