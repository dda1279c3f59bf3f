/*
 * 4-wait-any.c - calls wait_any() on pipes and sockets of its own
 *
 * usage: wait-any SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was called and what was expected.
 */
#include "clock.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int wait_any(const int *fds, size_t n, int ms);

enum { PIPES = 3, MANY = 2000, DEADLINE_MS = 300 };

static int fds[PIPES], ends[PIPES]; /* what is waited for, and the other ends */

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    exit(1);
}

/* What has come back, or should have. */
static void
describe(char text[60], int result, int error)
{
    snprintf(text, 60, "%d%s%s", result, result == -1 ? ", errno = " : "",
             result == -1 ? errno_name(error) : "");
}

/* Calls it, and compares: `expected` is an index, or an errno with a minus. */
static void
call(const int *list, size_t n, int ms, int expected, const char *situation)
{
    char should[60], did[60];
    int result;

    printf("did: wait_any(fds, %zu, %d), where %s\n", n, ms, situation);
    fflush(stdout);
    errno = 0;
    result = wait_any(list, n, ms);
    describe(did, result, errno);
    describe(should, expected < 0 ? -1 : expected, -expected);
    if (strcmp(should, did) != 0)
        wrong(should, did);
}

static void
speak(int i)
{
    check((int)write(ends[i], "hello", 5), "write");
}

/* A child writes to pipe `i`, after `ms`. */
static void
speak_later(int i, int ms)
{
    if (check(fork(), "fork") == 0) {
        sleep_ms(ms);
        _exit(write(ends[i], "x", 1) != 1);
    }
}

static void
play_one(void)
{
    char bytes[10];

    speak(1);
    call(fds, PIPES, -1, 1, "fds[1] has 5 bytes");
    call(fds, PIPES, 0, 1, "fds[1] still has 5 bytes, and there is no time");
    if (read(fds[1], bytes, sizeof bytes) != 5)
        wrong("all 5 bytes are still there", "fewer");
}

static void
play_sleeps(void)
{
    speak_later(2, 50);
    call(fds, PIPES, -1, 2, "fds[2] will have a byte, in 50 ms");
    if (fcntl(fds[0], F_GETFL) & O_NONBLOCK)
        wrong("the descriptors stay as they are", "fds[0] is nonblocking");
    check(wait(NULL), "wait");
}

static void
play_several(void)
{
    speak(2);
    speak(1);
    call(fds, PIPES, -1, 1, "first fds[2] was written to, then fds[1]");
    speak(0);
    call(fds, PIPES, 0, 0, "now fds[0] has bytes, too");
}

/* A UDP socket that has written to a port where nobody is; that is an error, and not the end. */
static int
refused_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int nobody = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
    int fd = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");

    check(bind(nobody, (struct sockaddr *)&address, len), "bind");
    check(getsockname(nobody, (struct sockaddr *)&address, &len), "getsockname");
    close(nobody);
    check(connect(fd, (struct sockaddr *)&address, len), "connect");
    check((int)send(fd, "?", 1, 0), "send");
    return fd;
}

static void
play_end(void)
{
    int pair[2], refused = refused_socket();

    call(&refused, 1, 1000, 0, "read() of the UDP socket fds[0] would say ECONNREFUSED");
    close(ends[1]);
    call(fds, PIPES, 1000, 1, "the other end of the pipe fds[1] is closed");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    close(pair[1]);
    call(pair, 1, 1000, 0, "the peer of the socket fds[0] has left");
}

static void
play_negative(void)
{
    int list[] = {-1, fds[0], -5, fds[1]};

    speak(1);
    call(list, 4, 1000, 3, "fds is {-1, silent, -5, has bytes}");
    call(list, 1, 0, -ETIMEDOUT, "fds is {-1}");
}

static void
play_closed(void)
{
    close(fds[1]);
    call(fds, PIPES, 1000, -EBADF, "fds[1] is closed, the others are silent");
    speak(0);
    call(fds, PIPES, 1000, -EBADF, "fds[1] is closed, fds[0] has bytes");
}

static double
cpu_ms(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* How often this thread has gone to sleep. */
static long
sleeps(void)
{
    struct rusage u;

    getrusage(RUSAGE_THREAD, &u);
    return u.ru_nvcsw;
}

static void
play_deadline(void)
{
    int64_t start = now_ns();
    double cpu = cpu_ms();
    long slept = sleeps();
    char got[60];

    call(fds, PIPES, DEADLINE_MS, -ETIMEDOUT, "nobody speaks");
    snprintf(got, sizeof got, "it went to sleep %ld times", sleeps() - slept);
    if (now_ns() - start < DEADLINE_MS * NS_PER_MS)
        wrong("it sleeps for 300 ms", "it was back before they had passed: round the rest up");
    if (cpu_ms() - cpu > 20)
        wrong("it sleeps for 300 ms", "it used the CPU for more than 20 of them");
    if (sleeps() - slept > 5)
        wrong("it sleeps for 300 ms, once", got);
    speak_later(1, 50);
    call(fds, PIPES, 3000, 1, "fds[1] will have a byte in 50 ms; 3,000,000,000 ns are no int");
    check(wait(NULL), "wait");
    check((int)read(fds[1], got, 1), "read");
    call(fds, PIPES, 0, -ETIMEDOUT, "nobody speaks");
    call(fds, 0, 10, -ETIMEDOUT, "there are no descriptors at all");
}

static volatile sig_atomic_t alarms;

/* Every 20 ms; so 15 of them belong to a wait of 300 ms, and not 100. */
static void
on_alarm(int signal)
{
    static const char text[] = "expected: a wait of 300 ms ends, whatever signals come\n"
                               "got: after 100 signals, one every 20 ms, it still waits\n";

    (void)signal;
    if (++alarms > 100)
        _exit(write(1, text, sizeof text - 1) < 0 ? 2 : 1);
}

static void
send_signals(void)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
    struct itimerval timer = {{0, 20000}, {0, 20000}};

    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &timer, NULL), "setitimer");
}

static void
play_signals(void)
{
    speak_later(1, 200);
    send_signals();
    call(fds, PIPES, -1, 1, "a signal comes every 20 ms, and a byte after 200");
    if (alarms == 0)
        wrong("at least one signal (else nothing was tested)", "none");
}

static void
play_signals_deadline(void)
{
    int64_t start = now_ns();

    send_signals();
    call(fds, PIPES, DEADLINE_MS, -ETIMEDOUT, "a signal comes every 20 ms, and never a byte");
    if (now_ns() - start < DEADLINE_MS * NS_PER_MS)
        wrong("it sleeps for 300 ms", "it was back before they had passed");
}

/* Silent descriptors, all of them copies of fds[0], then a last one that is not. */
static void
play_many(void)
{
    struct rlimit limit;
    int *list = calloc(MANY, sizeof *list);

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    for (int i = 0; i < MANY; i++)
        list[i] = check(dup(i == MANY - 1 ? fds[1] : fds[0]), "dup");
    call(list, MANY, 0, -ETIMEDOUT, "all of them are silent");
    speak(1);
    call(list, MANY, 1000, MANY - 1, "the last one has bytes");
    free(list);
}

static int
open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int n = 0;

    if (!folder)
        fail("opendir", "/proc/self/fd");
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void
play_left(void)
{
    int before = open_descriptors(), bad[] = {fds[0], 900};
    size_t allocated; /* bytes; 0 where a sanitizer counts */
    char got[60];

    speak(1);
    printf(
        "did: called it 100 times, with one that is ready, with none, with one that is closed\n");
    allocated = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++)
        if (wait_any(fds, PIPES, 0) != 1 || wait_any(fds, 1, 0) != -1 || wait_any(bad, 2, 0) != -1)
            wrong("1, then -1, then -1", "something else");
    snprintf(got, sizeof got, "%d more are open", open_descriptors() - before);
    if (open_descriptors() != before)
        wrong("as many descriptors are open as before", got);
    snprintf(got, sizeof got, "%zu bytes more", mallinfo2().uordblks - allocated);
    if (mallinfo2().uordblks > allocated + 5000) /* what free() keeps at hand counts, too */
        wrong("as much memory is allocated as before", got);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"one", play_one},           {"sleeps", play_sleeps},
    {"several", play_several},   {"end", play_end},
    {"negative", play_negative}, {"closed", play_closed},
    {"deadline", play_deadline}, {"signals", play_signals},
    {"many", play_many},         {"signals-deadline", play_signals_deadline},
    {"left", play_left},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: wait-any SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    for (int p = 0; p < PIPES; p++) {
        int pair[2];

        check(pipe(pair), "pipe");
        fds[p] = pair[0];
        ends[p] = pair[1];
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
