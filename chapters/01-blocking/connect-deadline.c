/*
 * connect-deadline.c - connect() and read() that wait only as long as we say
 *
 * Shows:  a nonblocking connect() says EINPROGRESS, poll() waits until a deadline for the
 *         answer, SO_ERROR is the answer. SO_RCVTIMEO puts a time-out on every read().
 * Run:    build/01-blocking/connect-deadline
 *         build/01-blocking/connect-deadline -t 2000
 * Watch:  the third port: nobody says no there, and connect() alone would wait for minutes.
 * Book:   01-blocking, "A deadline"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int64_t patience, began; /* nanoseconds */

static void
tell(const char *call, const char *what)
{
    printf("  %-10s %-22s after %6.1f ms\n", call, what, (double)(now_ns() - began) / NS_PER_MS);
}

/* Waits until connect() on `fd` has an answer. False: the deadline came first. */
static bool
answered_before(int fd, int64_t deadline)
{
    struct pollfd answer = {.fd = fd, .events = POLLOUT};
    int n;

    do {
        int64_t left = deadline - now_ns();

        n = poll(&answer, 1, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0);
    } while (n == -1 && errno == EINTR); /* a signal does not move the deadline */
    return check(n, "poll") > 0;
}

/* Connects `fd`, which is nonblocking. Returns 0 or an errno; ETIMEDOUT at the deadline. */
static int
connect_before(int fd, const struct sockaddr *addr, socklen_t len, int64_t deadline)
{
    int error = connect(fd, addr, len) == -1 ? errno : 0;
    socklen_t size = sizeof error;

    tell("connect()", error ? errno_name(error) : "0, connected");
    if (error != EINPROGRESS)
        return error;
    if (!answered_before(fd, deadline)) {
        tell("poll()", "0, the deadline");
        return ETIMEDOUT;
    }
    tell("poll()", "1, an answer is there");
    check(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
    tell("SO_ERROR", error ? errno_name(error) : "0, connected");
    return error;
}

/* A blocking read() that gives up by itself. */
static void
read_with_timeout(int fd)
{
    struct timeval timeout = {patience / NS_PER_SECOND, patience % NS_PER_SECOND / 1000};
    char byte;
    ssize_t n;

    check(fcntl(fd, F_SETFL, 0), "fcntl"); /* no longer O_NONBLOCK */
    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), "setsockopt");
    n = read(fd, &byte, 1);
    tell("read()", n < 0 ? errno_name(errno) : n > 0 ? "a byte" : "the end");
}

static void
try(const char *what, const struct sockaddr_in *addr)
{
    int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");

    printf("%s\n", what);
    began = now_ns();
    if (connect_before(fd, (const struct sockaddr *)addr, sizeof *addr, began + patience) == 0)
        read_with_timeout(fd);
    close(fd);
}

/* A port of our own at *addr; with NO_LISTENER nobody is there. It stays open to the end. */
enum { NO_LISTENER = -1 };
static void
open_port(struct sockaddr_in *addr, int backlog)
{
    int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    socklen_t len = sizeof *addr;

    *addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(bind(fd, (struct sockaddr *)addr, len), "bind");
    check(getsockname(fd, (struct sockaddr *)addr, &len), "getsockname");
    if (backlog != NO_LISTENER)
        check(listen(fd, backlog), "listen");
}

int
main(int argc, char **argv)
{
    const char *ms = "500";
    const struct own_option own[] = {{'t', "MS", "how long to wait (500)", &ms}, {0}};
    struct sockaddr_in addr;
    int first;

    parse_args(argc, argv, own, "");
    patience = parse_number(ms, 1, 600000, "MS") * NS_PER_MS;

    open_port(&addr, 5);
    try("a port with a listener", &addr);
    open_port(&addr, NO_LISTENER);
    try("a port without one", &addr);
    open_port(&addr, 0); /* one connection may wait for accept() there, and one does */
    first = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(first, (struct sockaddr *)&addr, sizeof addr), "connect");
    try("a port with a listener whose queue is full", &addr);
    return 0;
}
