/*
 * says-408.c - an HTTP server that tells who is idle that it will wait no longer: 408
 *
 * Built and run by tests/10-webbench.bats. Nobody has asked for that answer. One connection at a
 * time; a request is what one read() brings.
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char late[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n";

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port), peer;
    struct timeval patience = {.tv_usec = 200000};

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        char request[4096];
        ssize_t n;

        check(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "setsockopt");
        while ((n = read(peer, request, sizeof request)) > 0)
            write_all(peer, ok, strlen(ok));
        /* EAGAIN: the time is up. What it says and the end are one segment (MSG_MORE). */
        if (n < 0 && send(peer, late, strlen(late), MSG_MORE | MSG_NOSIGNAL) < 0)
            complain("send", NULL);
        close(peer);
    }
    return 0;
}
