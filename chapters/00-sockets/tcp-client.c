/*
 * tcp-client.c - standard input to a server, what the server says to standard output
 *
 * Shows:  a connection has two directions. At the end of its input the client shuts its own
 *         one down (a half-close) and goes on reading the other until the server ends it.
 * Run:    build/00-sockets/tcp-client 127.0.0.1 8000
 * Watch:  type lines; then Ctrl-D, which is the end of the input.
 *         echo hello | build/00-sockets/tcp-client ::1 8000
 * Book:   00-sockets, "The client"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* From standard input to the server; what bytes[sent] to bytes[taken] holds is still owed. */
static struct {
    char bytes[65536];
    size_t sent, taken;
    bool ended, failed;
} input;

static void
send_some(int server)
{
    ssize_t n = send(server, input.bytes + input.sent, input.taken - input.sent, MSG_NOSIGNAL);

    if (n > 0)
        input.sent += (size_t)n;
    if (io_result(n) != IO_FAILED)
        return;
    complain("send", NULL); /* the server may have answered before: go on reading */
    input.sent = input.taken;
    input.ended = input.failed = true;
}

static void
take_input(int server)
{
    ssize_t n = read(STDIN_FILENO, input.bytes, sizeof input.bytes);

    input.sent = 0;
    input.taken = n > 0 ? (size_t)n : 0;
    input.ended = io_result(n) == IO_END || io_result(n) == IO_FAILED;
    if (input.ended)
        shutdown(server, SHUT_WR); /* if it fails, so will the read, and say why */
}

/* Returns whether there may be more to come. */
static bool
receive_some(int server)
{
    static char buf[65536];
    ssize_t n = read(server, buf, sizeof buf);

    if (io_result(n) == IO_FAILED)
        fail("read", NULL);
    if (n > 0 && write_all(STDOUT_FILENO, buf, (size_t)n) != IO_DATA)
        fail("write", "standard output");
    return n != 0;
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "HOST PORT");
    int server = tcp_connect(operands[0], operands[1]);
    bool more = true;

    set_nonblocking(server); /* a server that waits for us to read must not stop us in send() */
    while (more) {
        bool owing = input.sent < input.taken;
        struct pollfd ready[] = {
            {.fd = owing || input.ended ? -1 : STDIN_FILENO, .events = POLLIN},
            {.fd = server, .events = owing ? POLLIN | POLLOUT : POLLIN},
        };

        if (poll(ready, 2, -1) == -1 && errno != EINTR)
            fail("poll", NULL);
        if (ready[1].revents & POLLOUT)
            send_some(server);
        if (ready[1].revents & ~POLLOUT)
            more = receive_some(server);
        if (ready[0].revents)
            take_input(server);
    }
    return input.failed ? 1 : 0;
}
