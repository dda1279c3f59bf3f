/*
 * mine.c - a blocking echo server, with nothing between it and the sockets
 *
 * Shows:  what lib/net.c and lib/args.c do for the programs of the book.
 * Run:    build/mine -p 8000
 * Book:   01-blocking, "One at a time" and "Stopping"
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] = "usage: mine [-p PORT] [-b ADDRESS] [-h]\n";
static int listener;
static volatile sig_atomic_t peer = -1, stopping;

static _Noreturn void
give_up(const char *call, const char *address, const char *port)
{
    fprintf(stderr, "mine: %s: %s (%s): %s:%s\n", call, strerror(errno), strerrorname_np(errno),
            address, port);
    exit(1);
}

static void
start_listening(const char *address, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int on = 1, error = getaddrinfo(address, port, &hints, &found);

    if (error) {
        fprintf(stderr, "mine: getaddrinfo: %s: %s:%s\n", gai_strerror(error), address, port);
        exit(1);
    }
    if ((listener = socket(found->ai_family, found->ai_socktype, 0)) == -1)
        give_up("socket", address, port);
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        give_up("setsockopt", address, port);
    if (bind(listener, found->ai_addr, found->ai_addrlen) == -1)
        give_up("bind", address, port);
    if (listen(listener, SOMAXCONN) == -1)
        give_up("listen", address, port);
    freeaddrinfo(found);
}

/* With -p 0 only the kernel knows the port. */
static void
announce(void)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char host[64], port[8];

    if (getsockname(listener, (struct sockaddr *)&addr, &len) == -1 ||
        getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        give_up("getsockname", "?", "?");
    printf(addr.ss_family == AF_INET6 ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host,
           port);
    fflush(stdout);
}

/*
 * A flag that the main loop tests would be seen too late by an accept() or a read() that is
 * about to sleep. These two end at once when their socket is shut down, before or during the
 * call. A peer that does not read what it is owed is cut off a second later.
 */
static void
on_signal(int signal)
{
    int saved_errno = errno;

    stopping = 1;
    shutdown(listener, SHUT_RD);
    if (peer >= 0)
        shutdown(peer, signal == SIGALRM ? SHUT_RDWR : SHUT_RD);
    if (signal != SIGALRM)
        alarm(1);
    errno = saved_errno;
}

static void
handle(int signal)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */

    if (sigaction(signal, &action, NULL) == -1)
        give_up("sigaction", "", "");
}

static void
echo_until_end(void)
{
    char buf[16384];
    ssize_t n, m, sent;

    while ((n = read(peer, buf, sizeof buf)) != 0) {
        if (n < 0 && errno != EINTR)
            return;
        sent = 0;
        while (sent < n) {
            m = write(peer, buf + sent, (size_t)(n - sent));
            if (m < 0 && errno != EINTR)
                return;
            if (m > 0)
                sent += m;
        }
    }
}

int
main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "8000";
    int option;

    while ((option = getopt(argc, argv, "p:b:h")) != -1) {
        if (option == 'p') {
            port = optarg;
        } else if (option == 'b') {
            address = optarg;
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    start_listening(address, port);
    signal(SIGPIPE, SIG_IGN);
    handle(SIGTERM);
    handle(SIGINT);
    handle(SIGALRM);
    announce();

    while ((peer = accept(listener, NULL, NULL)) >= 0 || errno != EINVAL) {
        if (peer < 0)
            continue; /* a connection that failed before it was accepted, or a signal */
        if (stopping)
            shutdown(peer, SHUT_RD);
        echo_until_end();
        close(peer);
    }
    return 0;
}
