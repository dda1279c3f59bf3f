#include "exchange.h"

#include "error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SOURCES = 1000, /* addresses of our own that connections to 127/8 come from */
    POOL_BITS = 16, /* 65,536 different messages */
};

static struct sockaddr_storage server;
static socklen_t server_len;
static size_t bytes;          /* the length of a message */
static char *pool;            /* where all messages are */
static char scratch[1 << 16]; /* what has come; it is compared at once */

/* ---- messages ---- */

/*
 * Messages are stretches of one pool of random bytes: nothing has to be made or kept for a
 * request, and an answer meant for another client, or for an earlier request, is of another
 * stretch and differs at once.
 */
void
prepare_exchanges(const struct sockaddr *addr, socklen_t addr_len, size_t message_bytes)
{
    size_t len = (1 << POOL_BITS) + message_bytes;
    uint64_t random = 1;

    memcpy(&server, addr, addr_len);
    server_len = addr_len;
    bytes = message_bytes;
    pool = malloc(len);
    if (!pool)
        fail("malloc", NULL);
    for (size_t i = 0; i < len; i++) { /* the generator of rand48(3) */
        random = (random * UINT64_C(0x5DEECE66D) + 11) & ((UINT64_C(1) << 48) - 1);
        pool[i] = (char)(random >> 40);
    }
}

/*
 * Multiplying by 2^64 over the golden ratio spreads numbers that follow each other over the
 * pool: Knuth, The Art of Computer Programming, volume 3, section 6.4.
 */
void
begin_request(struct exchange *x, uint64_t number)
{
    x->message = pool + (number * UINT64_C(0x9E3779B97F4A7C15) >> (64 - POOL_BITS));
    x->sent = x->received = 0;
}

/* ---- connections ---- */

static enum outcome
failure(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REFUSED;
    case EADDRNOTAVAIL:
        return NO_PORT;
    case EMFILE:
    case ENFILE:
        return NO_DESCRIPTOR;
    case ECONNRESET:
        return RESET;
    case EPIPE: /* it had ended, and then did not take what we sent */
        return CLOSED_EARLY;
    default:
        return CONNECT_ERROR;
    }
}

/*
 * A client that closes first keeps its port in TIME_WAIT for a minute, and to one address and
 * port there are only some 28,000 ports to come from: fast visitors need more a second. (On
 * loopback Linux lets a port go after a second if net.ipv4.tcp_tw_reuse says so.) But all of
 * 127.0.0.0/8 is this host, so there we come from many addresses. The port is left to
 * connect(), which knows what pairs are free. See ip(7).
 */
static void
choose_source(int fd)
{
    static uint32_t number;
    struct sockaddr_in source = {.sin_family = AF_INET};
    int on = 1;

    if (server.ss_family != AF_INET ||
        ntohl(((struct sockaddr_in *)&server)->sin_addr.s_addr) >> 24 != 127)
        return;
    source.sin_addr.s_addr = htonl(0x7f010000 + ++number % SOURCES); /* 127.1.0.0 and up */
    check(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
    check(bind(fd, (struct sockaddr *)&source, sizeof source), "bind");
}

enum outcome
open_connection(struct exchange *x)
{
    int on = 1;

    x->sent = x->received = bytes;
    x->fd = socket(server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd == -1)
        return failure(errno);
    choose_source(x->fd);
    check(setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    if (connect(x->fd, (struct sockaddr *)&server, server_len) == -1 && errno != EINPROGRESS)
        return failure(errno);
    return IN_FLIGHT;
}

void
close_connection(struct exchange *x)
{
    if (x->fd >= 0)
        close(x->fd);
    x->fd = -1;
}

/* ---- there and back ---- */

enum outcome
send_rest(struct exchange *x)
{
    while (x->sent < bytes) {
        ssize_t n = send(x->fd, x->message + x->sent, bytes - x->sent, MSG_NOSIGNAL);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN ? IN_FLIGHT : failure(errno);
        x->sent += (size_t)n;
    }
    return IN_FLIGHT;
}

bool
all_sent(const struct exchange *x)
{
    return x->sent == bytes;
}

/*
 * Nobody may answer what was not asked: more bytes than are due, even one when nothing is,
 * are as wrong as other bytes.
 */
enum outcome
receive(struct exchange *x)
{
    for (;;) {
        ssize_t n = recv(x->fd, scratch, sizeof scratch, 0);

        if (n == 0)
            return CLOSED_EARLY;
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN ? IN_FLIGHT : failure(errno);
        if ((size_t)n > x->sent - x->received ||
            memcmp(scratch, x->message + x->received, (size_t)n) != 0)
            return WRONG_BYTES;
        x->received += (size_t)n;
        if (x->received == bytes)
            return ANSWERED;
    }
}
