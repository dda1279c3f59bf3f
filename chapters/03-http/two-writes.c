/*
 * two-writes.c - what it costs to send a head and a body in two writes, and two ways to mend it
 *
 * Shows:  Nagle's algorithm keeps a small segment back while an earlier one is unacknowledged,
 *         and the receiver delays its acknowledgement by 40 ms: the two wait. See tcp(7).
 * Run:    build/03-http/two-writes
 *         build/03-http/two-writes 127.0.0.1 8000     measures that server instead
 * Watch:  the middle one of 20 exchanges on one connection, and the fastest.
 * Book:   03-http, "Forty milliseconds"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXCHANGES = 20 };

static const char ask[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", body[] = "hello\n";

static enum io_result
in_two_writes(int peer)
{
    write_all(peer, head, strlen(head)); /* if it fails, so will the next */
    return write_all(peer, body, strlen(body));
}

static enum io_result
in_one_writev(int peer)
{
    struct iovec parts[] = {{head, strlen(head)}, {body, strlen(body)}};

    return io_result(writev(peer, parts, 2)); /* so few bytes always fit */
}

static enum io_result
in_two_writes_at_once(int peer)
{
    int on = 1;

    check(setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    return in_two_writes(peer);
}

/* Answers every request of one peer, in a process of its own. */
static void
serve(int listener, enum io_result (*answer)(int peer))
{
    int peer = check(accept(listener, NULL, NULL), "accept");
    char request[sizeof ask];
    size_t got;

    while (read_exactly(peer, request, strlen(ask), &got) == IO_DATA && answer(peer) == IO_DATA)
        ;
    exit(0);
}

/* Sends one request and reads the whole answer. */
static void
exchange(int server)
{
    static char buf[65536];
    char *end = NULL, *length;
    size_t got = 0, whole = sizeof buf - 1;

    if (write_all(server, ask, strlen(ask)) != IO_DATA)
        fail("write", NULL);
    while (got < whole && got < sizeof buf - 1) {
        ssize_t n = read(server, buf + got, sizeof buf - 1 - got);

        if (io_result(n) == IO_INTERRUPTED)
            continue;
        if (n <= 0)
            errx(1, "the server has ended before its answer did");
        buf[got += (size_t)n] = '\0';
        if (!end && (end = strstr(buf, "\r\n\r\n"))) {
            length = strcasestr(buf, "\r\nContent-Length:");
            whole = (size_t)(end + 4 - buf) + (length ? strtoul(length + 17, NULL, 10) : 0);
        }
    }
}

static int
by_size(const void *a, const void *b)
{
    return (*(const int64_t *)a > *(const int64_t *)b) -
           (*(const int64_t *)a < *(const int64_t *)b);
}

static void
measure(const char *name, const char *host, const char *port)
{
    int server = tcp_connect(host, port);
    int64_t took[EXCHANGES];

    for (int i = 0; i < EXCHANGES; i++) {
        int64_t start = now_ns();

        exchange(server);
        took[i] = now_ns() - start;
    }
    close(server);
    qsort(took, EXCHANGES, sizeof took[0], by_size);
    printf("%-26s %8.2f ms   (fastest %.2f ms)\n", name, (double)took[EXCHANGES / 2] / NS_PER_MS,
           (double)took[0] / NS_PER_MS);
}

static void
measure_own(const char *name, enum io_result (*answer)(int peer))
{
    int listener = tcp_listen("127.0.0.1", "0");
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char text[ADDRESS_TEXT];

    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    address_text((struct sockaddr *)&addr, len, text);
    fflush(stdout);
    if (check(fork(), "fork") == 0)
        serve(listener, answer);
    measure(name, "127.0.0.1", strrchr(text, ':') + 1);
    close(listener);
    check(wait(NULL), "wait");
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "[HOST] [PORT]");

    if (operands[0]) {
        measure("an exchange", operands[0], operands[1] ? operands[1] : "8000");
        return 0;
    }
    measure_own("two writes", in_two_writes);
    measure_own("one writev", in_one_writev);
    measure_own("two writes, TCP_NODELAY", in_two_writes_at_once);
    return 0;
}
