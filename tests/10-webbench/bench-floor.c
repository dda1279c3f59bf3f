/*
 * bench-floor.c - answers every piece of a request with a prepared response, unread
 *
 * Built and run by chapters/10-webbench/bench: no server can cost less, so that what is measured is
 * its clients. With -x it ends each connection after the first answer.
 */
#include "args.h"
#include "error.h"
#include "net.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY = 1024, AT_ONCE = 256 };

static char response[BODY + 128];
static size_t len;

static void
prepare(bool closes)
{
    len = (size_t)snprintf(response, sizeof response,
                           "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
                           "Connection: %s\r\n\r\n",
                           BODY, closes ? "close" : "keep-alive");
    memset(response + len, 'x', BODY);
    len += BODY;
}

static void
watch(int loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    check(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void
serve(int peer, bool closes)
{
    char buf[4096];

    if (recv(peer, buf, sizeof buf, 0) <= 0 ||
        send(peer, response, len, MSG_NOSIGNAL) != (ssize_t)len || closes)
        close(peer);
}

int
main(int argc, char **argv)
{
    const char *closing = NULL;
    const struct own_option options[] = {
        {'x', NULL, "end each connection after one answer", &closing}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, options);
    int listener = tcp_listen(args.address, args.port);
    int loop = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct epoll_event events[AT_ONCE];

    prepare(closing != NULL);
    watch(loop, listener);
    announce(listener);
    for (;;) {
        int n = epoll_wait(loop, events, AT_ONCE, -1);

        for (int i = 0; i < n; i++) {
            int peer = events[i].data.fd;

            if (peer != listener)
                serve(peer, closing != NULL);
            else if ((peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1)
                watch(loop, peer);
        }
    }
}
