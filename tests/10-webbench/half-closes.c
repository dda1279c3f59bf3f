/*
 * half-closes.c - an echo server whose first answer is its last: the end comes right behind it
 *
 * Built and run by tests/10-webbench.bats. Who asks again is not reset, for the connection is ended
 * in one direction only; nobody reads what he says. Answer and end are one segment (MSG_MORE), so
 * that a client hears of both at once.
 */
#include "args.h"
#include "net.h"

#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port), peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        char message[4096];
        ssize_t n = read(peer, message, sizeof message);

        if (n > 0 && send(peer, message, (size_t)n, MSG_MORE | MSG_NOSIGNAL) == n)
            shutdown(peer, SHUT_WR);
    }
    return 0;
}
