/*
 * bench-client.c - the barest client of an echo server: what no load generator can do without
 *
 * Built and run by chapters/10-webbench/bench. It looks neither at the clock nor at what comes
 * back, waits for nobody in particular and counts nothing but answers. Prints how many there were.
 */
#include "args.h"
#include "error.h"
#include "net.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { MOST_CLIENTS = 10000, MOST_BYTES = 1 << 16, AT_ONCE = 256 };

static volatile sig_atomic_t over;

static void
end(int signal_number)
{
    (void)signal_number;
    over = 1;
}

static void
must(bool holds, const char *call)
{
    if (!holds)
        fail(call, NULL);
}

int
main(int argc, char **argv)
{
    const char *clients_text = "100", *bytes_text = "1024", *ms_text = "1000";
    const struct own_option options[] = {{'c', "CLIENTS", "connections (100)", &clients_text},
                                         {'l', "BYTES", "of a message (1024)", &bytes_text},
                                         {'t', "MS", "how long (1000)", &ms_text},
                                         {0}};
    char **operands = parse_args(argc, argv, options, "HOST PORT");
    long clients = parse_number(clients_text, 1, MOST_CLIENTS, "CLIENTS");
    size_t bytes = (size_t)parse_number(bytes_text, 1, MOST_BYTES, "BYTES");
    long ms = parse_number(ms_text, 1, 1000000, "MS");
    struct itimerval window = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    static char message[MOST_BYTES], answer[MOST_BYTES];
    static size_t due[MOST_CLIENTS + 64]; /* by descriptor */
    static struct epoll_event events[AT_ONCE];
    int loop = check(epoll_create1(0), "epoll_create1");
    uint64_t answers = 0;

    signal(SIGALRM, end);
    memset(message, 'x', bytes);
    for (long i = 0; i < clients; i++) {
        int fd = tcp_connect(operands[0], operands[1]);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        check(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
        must(send(fd, message, bytes, MSG_NOSIGNAL) == (ssize_t)bytes, "send");
        due[fd] = bytes;
    }
    check(setitimer(ITIMER_REAL, &window, NULL), "setitimer");
    while (!over) {
        int n = epoll_wait(loop, events, AT_ONCE, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            ssize_t got = recv(fd, answer, sizeof answer, 0);

            must(got > 0, "recv");
            due[fd] -= (size_t)got;
            if (due[fd] > 0)
                continue;
            answers++;
            due[fd] = bytes;
            must(send(fd, message, bytes, MSG_NOSIGNAL) == (ssize_t)bytes, "send");
        }
    }
    printf("requests=%" PRIu64 "\n", answers);
    return 0;
}
