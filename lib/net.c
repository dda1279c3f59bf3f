#include "net.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 1 << 20 };

/* ---- addresses ---- */

char *
address_text(const struct sockaddr *addr, socklen_t len, char text[ADDRESS_TEXT])
{
    char host[ADDRESS_TEXT - 10], port[8];
    int error = getnameinfo(addr, len, host, sizeof host, port, sizeof port,
                            NI_NUMERICHOST | NI_NUMERICSERV);

    if (error)
        snprintf(text, ADDRESS_TEXT, "(%s)", gai_strerror(error));
    else
        snprintf(text, ADDRESS_TEXT, addr->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return text;
}

/* ---- listeners and connections ---- */

static struct addrinfo *
resolve_or_exit(const char *host, const char *port, int flags)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found;
    int error = getaddrinfo(host, port, &hints, &found);

    if (error) {
        fprintf(stderr, "%s: getaddrinfo: %s: %s:%s\n", program_invocation_short_name,
                gai_strerror(error), host, port);
        exit(1);
    }
    return found;
}

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max < MOST_DESCRIPTORS ? limit.rlim_max : MOST_DESCRIPTORS;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

int
tcp_listen(const char *address, const char *port)
{
    struct addrinfo *found = resolve_or_exit(address, port, AI_PASSIVE);
    char text[ADDRESS_TEXT];
    int on = 1, listener;

    raise_descriptor_limit();
    address_text(found->ai_addr, found->ai_addrlen, text);
    listener = check(socket(found->ai_family, found->ai_socktype, 0), "socket");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    if (bind(listener, found->ai_addr, found->ai_addrlen) == -1)
        fail("bind", text);
    if (listen(listener, SOMAXCONN) == -1)
        fail("listen", text);
    freeaddrinfo(found);
    return listener;
}

int
tcp_connect(const char *host, const char *port)
{
    struct addrinfo *found = resolve_or_exit(host, port, 0);
    char text[ADDRESS_TEXT];
    int fd = -1;

    for (struct addrinfo *a = found; a; a = a->ai_next) {
        fd = check(socket(a->ai_family, a->ai_socktype, 0), "socket");
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        if (!a->ai_next)
            fail("connect", address_text(a->ai_addr, a->ai_addrlen, text));
        close(fd);
    }
    freeaddrinfo(found);
    return fd;
}

void
announce(int listener)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char text[ADDRESS_TEXT];

    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    printf("listening on %s\n", address_text((struct sockaddr *)&addr, len, text));
    if (fflush(stdout) != 0)
        fail("write", "stdout");
}

/* ---- stopping, and the peers that have to know ---- */

static int stop_listener;
static atomic_bool stopping;
static atomic_bool is_peer[MOST_DESCRIPTORS]; /* by descriptor: has it ever been a peer? */
static atomic_int highest_peer;

/*
 * The second time, by the alarm, peers are cut off in both directions: that also ends a
 * write() blocked on a peer that never reads. A mark in is_peer may be out of date,
 * since peers are closed with plain close(); but shutdown() of a descriptor that is closed, or
 * is not a socket, fails and harms nobody.
 */
static void
on_stop_signal(int signal)
{
    int how = signal == SIGALRM ? SHUT_RDWR : SHUT_RD;
    int saved_errno = errno;
    bool first = !atomic_exchange(&stopping, true);

    shutdown(stop_listener, SHUT_RD);
    for (int fd = 0; fd <= highest_peer; fd++)
        if (is_peer[fd])
            shutdown(fd, how);
    if (first) /* a second SIGTERM does not put the alarm off */
        alarm(1);
    errno = saved_errno;
}

void
stop_on_signals(int listener)
{
    struct sigaction action = {.sa_handler = on_stop_signal}; /* no SA_RESTART */

    stop_listener = listener;
    check(sigaction(SIGTERM, &action, NULL), "sigaction");
    check(sigaction(SIGINT, &action, NULL), "sigaction");
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    signal(SIGPIPE, SIG_IGN);
}

/* The order matters: mark first, then look at `stopping`; the handler does the opposite. */
void
remember_peer(int peer)
{
    int highest = highest_peer;

    is_peer[peer] = true;
    while (peer > highest && !atomic_compare_exchange_weak(&highest_peer, &highest, peer))
        ;
    if (stopping)
        shutdown(peer, SHUT_RD);
}

enum io_result
accept_peer(int listener, int *peer)
{
    for (;;) {
        *peer = accept(listener, NULL, NULL);
        if (*peer >= 0) {
            remember_peer(*peer);
            return IO_DATA;
        }
        if (errno == EINVAL || stopping) /* the listener has been shut down */
            return IO_END;
        if (errno == EAGAIN)
            return IO_NOT_YET;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            sleep_ms(10);
            return IO_NOT_YET;
        }
        if (errno == EBADF || errno == ENOTSOCK)
            fail("accept", NULL); /* the program's mistake, not a peer's */
        /* EINTR, ECONNABORTED, or an error of that one connection: the next, please */
    }
}

int
next_peer(int listener)
{
    enum io_result result;
    int peer;

    do
        result = accept_peer(listener, &peer);
    while (result == IO_NOT_YET);
    return result == IO_DATA ? peer : -1;
}
