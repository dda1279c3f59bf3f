/*
 * states.c - the state of both ends of a connection, move by move
 *
 * Shows:  a half-close leaves FIN_WAIT2 and CLOSE_WAIT for as long as the other end likes;
 *         TIME_WAIT stays behind at the end that closed first.
 * Run:    build/00-sockets/states                     A shuts down, B answers and closes
 *         build/00-sockets/states A-send B-close      what B has not read makes it a reset
 *         A move is A or B, then -send, -recv, -shutdown, -close or -reset.
 * Watch:  a state with a * is no longer the descriptor's, even if there still is one: only the
 *         kernel's table knows it.
 * Book:   00-sockets, "How a connection ends"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "net.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { A, B, NO_DESCRIPTOR = 16 }; /* A is the end that connects, B the one that accepts */
static int fds[2];
static unsigned ports[2];

/* What the descriptor says or, if it has no connection (any more), the kernel's table. */
static unsigned
state_of(int end)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    unsigned local, remote, state, found = TCP_CLOSE;
    char line[256];
    FILE *table;

    if (getsockopt(fds[end], IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
        if (info.tcpi_state != TCP_CLOSE)
            return info.tcpi_state;
    if (!(table = fopen("/proc/net/tcp", "r")))
        fail("fopen", "/proc/net/tcp");
    while (fgets(line, sizeof line, table)) /* "0: 0100007F:1F40 0100007F:C350 06 …" */
        if (sscanf(line, "%*d: %*x:%x %*x:%x %x", &local, &remote, &state) == 3)
            if (local == ports[end] && remote == ports[!end])
                found = NO_DESCRIPTOR + state;
    fclose(table);
    return found;
}

/* States without a name here are transient: they last until the other kernel's ACK has come. */
static void
print_states(const char *move, long result)
{
    static const char *const names[2 * NO_DESCRIPTOR] = {
        [TCP_ESTABLISHED] = "ESTABLISHED",
        [TCP_FIN_WAIT2] = "FIN_WAIT2",
        [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
        [TCP_CLOSE] = "CLOSED",
        [NO_DESCRIPTOR + TCP_FIN_WAIT2] = "FIN_WAIT2*",
        [NO_DESCRIPTOR + TCP_TIME_WAIT] = "TIME_WAIT*",
    };
    char number[30];
    unsigned a, b;

    snprintf(number, sizeof number, "%ld", result);
    if (result == -1)
        snprintf(number, sizeof number, "%s", errno_name(errno));
    do {
        sleep_ms(20);
        a = state_of(A);
        b = state_of(B);
    } while (!names[a] || !names[b]);
    printf("%-11s %-12s %-14s %s\n", move, number, names[a], names[b]);
}

static long
make(const char *move)
{
    int end = *move == 'A' ? A : B, fd = fds[end];
    const char *what = *move == 'A' || *move == 'B' ? move + 1 : "";
    char buf[100];

    if (strcmp(what, "-send") == 0)
        return send(fd, "hello", 5, MSG_NOSIGNAL);
    if (strcmp(what, "-recv") == 0)
        return recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    if (strcmp(what, "-shutdown") == 0)
        return shutdown(fd, SHUT_WR);
    if (strcmp(what, "-reset") == 0) /* close() without the farewell: see socket(7), SO_LINGER */
        check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)),
              "setsockopt");
    else if (strcmp(what, "-close") != 0)
        errx(2, "there is no move '%s'", move);
    fds[end] = -1;
    return close(fd);
}

static void
connect_ends(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *any = (struct sockaddr *)&addr;
    socklen_t len = sizeof addr;
    int listener = tcp_listen("127.0.0.1", "0");

    check(getsockname(listener, any, &len), "getsockname"); /* the port that the kernel chose */
    ports[B] = ntohs(addr.sin_port);
    fds[A] = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(fds[A], any, len), "connect");
    fds[B] = check(accept(listener, any, &len), "accept");
    ports[A] = ntohs(addr.sin_port);
}

int
main(int argc, char **argv)
{
    char *story[] = {"A-shutdown", "B-recv", "B-send", "A-recv", "B-close", "A-close", NULL};
    char **moves = parse_args(argc, argv, NULL, "[MOVE] [MOVE] [MOVE] [MOVE] [MOVE] [MOVE]");

    connect_ends();
    printf("%-24s %-14s %s\n", "", "A", "B");
    print_states("A-connect", 0);
    for (char **move = *moves ? moves : story; *move; move++)
        print_states(*move, make(*move));
    return 0;
}
