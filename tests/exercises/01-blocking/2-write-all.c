/*
 * 2-write-all.c - plays the kernel for write_exactly()
 *
 * usage: write-all SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was called and what was expected.
 *
 * write() below is the one that write_exactly() meets: it answers as the scenario says.
 */
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum io_result write_exactly(int fd, const void *buf, size_t len, size_t *put);

enum { MOST_CALLS = 12, ALL = 1000000, LARGE = 100000, SOME_FD = 42 };

struct scenario {
    const char *name, *text;
    int answers[MOST_CALLS]; /* takes this many bytes, or fails with -errno; 0: takes ALL */
    enum io_result result;
    size_t put;
    int error;
};

static const struct scenario scenarios[] = {
    {"whole", "write() takes all 10 bytes", {ALL}, IO_DATA, 10, 0},
    {"large", "write() takes all of them", {ALL}, IO_DATA, LARGE, 0},
    {"nothing", "there are 0 bytes to write", {ALL}, IO_DATA, 0, 0},
    {"short-write", "write() takes 3 of 10 bytes, then the rest", {3}, IO_DATA, 10, 0},
    {"dribble", "write() takes a byte a call", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, IO_DATA, 10, 0},
    {"eintr", "a signal comes before the first byte (EINTR)", {-EINTR}, IO_DATA, 10, 0},
    {"eintr-between",
     "EINTR, 4 bytes, EINTR, EINTR, 1 byte, the rest",
     {-EINTR, 4, -EINTR, -EINTR, 1},
     IO_DATA,
     10,
     0},
    {"full", "write() takes 4 of 10 bytes, then says EAGAIN", {4, -EAGAIN}, IO_NOT_YET, 4, 0},
    {"full-at-once", "write() says EAGAIN", {-EAGAIN}, IO_NOT_YET, 0, 0},
    {"reset",
     "write() takes 6 of 10 bytes, then says ECONNRESET",
     {6, -ECONNRESET},
     IO_FAILED,
     6,
     ECONNRESET},
    {"broken", "write() says EPIPE", {-EPIPE}, IO_FAILED, 0, EPIPE},
};

static const char *const result_names[] = {"IO_DATA", "IO_END", "IO_NOT_YET", "IO_INTERRUPTED",
                                           "IO_FAILED"};
static const char digits[] = "0123456789", large[LARGE], *buf = digits;
static const struct scenario *now; /* NULL: write() is the kernel's */
static size_t taken, len = 10;
static int calls;

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    exit(1);
}

/* Says what it was asked for; ends the program when that can only be a mistake. */
ssize_t
write(int fd, const void *from, size_t n)
{
    long offset = (const char *)from - buf;
    int answer;

    if (!now)
        return syscall(SYS_write, fd, from, n);
    answer = calls < MOST_CALLS && now->answers[calls] != 0 ? now->answers[calls] : ALL;
    if (fd != SOME_FD)
        wrong("writes to fd alone", "a write() to another descriptor");
    if (answer > (int)n)
        answer = (int)n;
    printf("  write(fd, buf + %ld, %zu) = %d %s\n", offset, n, answer < 0 ? -1 : answer,
           answer < 0 ? errno_name(-answer) : "");
    if (++calls > MOST_CALLS)
        wrong("it ends", "it calls write() for ever");
    if (offset != (long)taken)
        wrong("each write() begins where the one before has stopped", "see the calls above");
    if (taken + n > len)
        wrong("it never asks for more than is left", "see the calls above");
    if (answer < 0) {
        errno = -answer;
        return -1;
    }
    taken += (size_t)answer;
    return answer;
}

/* What has come back, or should have; errno only where it matters. */
static void
describe(char text[100], enum io_result result, size_t put, int error)
{
    snprintf(text, 100, "%s, put = %zu%s%s", result <= IO_FAILED ? result_names[result] : "?", put,
             error ? ", errno = " : "", error ? errno_name(error) : "");
}

static void
compare(enum io_result result, size_t put, int error, enum io_result got_result, size_t got_put,
        int got_error)
{
    char expected[100], got[100];

    describe(expected, result, put, error);
    describe(got, got_result, got_put, error ? got_error : 0);
    if (strcmp(expected, got) != 0)
        wrong(expected, got);
}

static void
play(const struct scenario *scenario)
{
    enum io_result result;
    size_t put = 777;
    int error;
    struct sigaction before, after; /* what SIGPIPE does */

    if (strcmp(scenario->name, "nothing") == 0)
        len = 0;
    if (strcmp(scenario->name, "large") == 0) {
        buf = large;
        len = LARGE;
    }
    check(sigaction(SIGPIPE, NULL, &before), "sigaction");
    printf("did: write_exactly(fd, buf, %zu, &put), where %s\n", len, scenario->text);
    fflush(stdout);
    now = scenario;
    errno = 0;
    result = write_exactly(SOME_FD, buf, len, &put);
    error = errno;
    now = NULL;
    compare(scenario->result, scenario->put, scenario->error, result, put, error);
    if ((strcmp(scenario->name, "whole") == 0 || len == LARGE) && calls != 1)
        wrong("one write() for what one write() takes", calls ? "the calls above" : "no write()");
    if (len == 0 && calls > 0)
        wrong("no write() when there is nothing to write", "the call above");
    if (taken != scenario->put)
        wrong("fd gets as many bytes as put says", calls ? "the calls above" : "no write()");
    check(sigaction(SIGPIPE, NULL, &after), "sigaction");
    if (scenario->error == EPIPE && after.sa_handler != before.sa_handler)
        wrong("SIGPIPE does what it did before: that is the caller's business", "it has changed");
}

/* ---- a real socket, a slow reader, and a signal every millisecond ---- */

enum { MANY = 1000000 };
static volatile sig_atomic_t alarms;

static void
on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static unsigned char
byte_at(size_t i)
{
    return (unsigned char)(i * 31 >> 3);
}

/* Ends with 0 if every byte has come, once and in order; else tells which was the first wrong. */
static _Noreturn void
read_slowly(int fd)
{
    unsigned char some[5000];
    size_t at = 0;
    ssize_t n;

    while ((n = read(fd, some, sizeof some)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (some[i] != byte_at(at++)) {
                printf("got: a wrong byte at %zu\n", at - 1);
                fflush(stdout);
                _exit(1);
            }
        sleep_ms(1);
    }
    _exit(at != MANY);
}

static void
play_signals(void)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
    struct itimerval every_ms = {{0, 1000}, {0, 1000}}, never = {0};
    static unsigned char many[MANY];
    enum io_result result;
    int pair[2], status, flags;
    size_t put = 0;

    printf("did: write_exactly() of a million bytes to a slow reader, a signal every ms\n");
    fflush(stdout);
    for (size_t i = 0; i < MANY; i++)
        many[i] = byte_at(i);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    if (check(fork(), "fork") == 0) {
        close(pair[0]);
        read_slowly(pair[1]);
    }
    close(pair[1]);
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &every_ms, NULL), "setitimer");
    flags = check(fcntl(pair[0], F_GETFL), "fcntl");
    result = write_exactly(pair[0], many, MANY, &put);
    if (fcntl(pair[0], F_GETFL) != flags)
        wrong("fd has the flags that it had", "other flags, or it is closed: see fcntl(2)");
    check(setitimer(ITIMER_REAL, &never, NULL), "setitimer");
    close(pair[0]);
    check(wait(&status), "wait");
    if (alarms == 0)
        wrong("at least one signal (else nothing was tested)", "none");
    compare(IO_DATA, MANY, 0, result, put, 0);
    if (status != 0)
        wrong("every byte arrives, once and in order", "the reader has seen other bytes");
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    if (strcmp(name, "signals") == 0) {
        play_signals();
    } else {
        while (i < n && strcmp(scenarios[i].name, name) != 0)
            i++;
        if (i == n) {
            printf("usage: write-all SCENARIO\nscenarios: signals");
            for (i = 0; i < n; i++)
                printf(" %s", scenarios[i].name);
            printf("\n");
            return 2;
        }
        play(&scenarios[i]);
    }
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
