/*
 * bad-counts-connect-failures-as-success.c - a client that counts how often it has tried
 *
 * Shows:  a connection that is refused is over quickly, and counts as a visit like any other. So
 *         the server that is not there is the fastest of all.
 * Run:    build/10-webbench/bad-counts-connect-failures-as-success 127.0.0.1 1
 * Watch:  the same against a server that runs: fewer a second. The speed that the first webbench
 *         printed was counted so: that of all attempts, those that had failed among them.
 * Twin:   counts-by-kind.c
 * Book:   10-webbench, "What a load generator is"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { ANSWERED, REFUSED, RESET, CLOSED, OTHER, KINDS };

static const char *const names[KINDS] = {"answered", "refused", "reset", "closed early",
                                         "failed otherwise"};
static long tally[KINDS];

/* Why a call has failed. */
static enum kind
kind_of(int error)
{
    return error == ECONNREFUSED ? REFUSED : error == ECONNRESET || error == EPIPE ? RESET : OTHER;
}

static enum kind
ask(int fd)
{
    char message[100] = "hello", answer[sizeof message];
    enum io_result result = write_all(fd, message, sizeof message);
    size_t got;

    if (result == IO_DATA)
        result = read_exactly(fd, answer, sizeof answer, &got);
    return result == IO_DATA ? ANSWERED : result == IO_END ? CLOSED : kind_of(errno);
}

static enum kind
visit(const struct addrinfo *server)
{
    int fd = socket(server->ai_family, server->ai_socktype, 0);
    enum kind kind;

    if (fd != -1 && connect(fd, server->ai_addr, server->ai_addrlen) == 0)
        kind = ask(fd);
    else
        kind = kind_of(errno);
    if (fd != -1)
        close(fd);
    return kind;
}

int
main(int argc, char **argv)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *server;
    const char *count = "1000";
    const struct own_option own[] = {{'n', "VISITS", "how many visits (1000)", &count}, {0}};
    char **operands = parse_args(argc, argv, own, "HOST PORT");
    long visits = parse_number(count, 1, 100000000, "VISITS");
    int64_t begin = now_ns();

    if (getaddrinfo(operands[0], operands[1], &hints, &server) != 0)
        fail("getaddrinfo", operands[0]);
    signal(SIGPIPE, SIG_IGN);
    for (long i = 0; i < visits; i++) {
        visit(server);
        tally[ANSWERED]++;
    }
    freeaddrinfo(server);
    printf("%ld answered, %.0f a second\n", tally[ANSWERED],
           (double)tally[ANSWERED] * NS_PER_SECOND / (double)(now_ns() - begin));
    for (int kind = ANSWERED + 1; kind < KINDS; kind++)
        if (tally[kind] > 0)
            printf("%ld %s\n", tally[kind], names[kind]);
    return tally[ANSWERED] < visits;
}
