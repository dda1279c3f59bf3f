#include "exchange.h"

#include "error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOURCES = 1000 }; /* addresses of our own that connections to 127/8 come from */

enum outcome
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
 * 127.0.0.0/8 is this host, so when they have run out we come from many addresses there. The port
 * is left to connect(), which knows what pairs are free. See ip(7).
 */
static void
choose_source(int fd, const struct sockaddr *server)
{
    static atomic_uint number;
    struct sockaddr_in source = {.sin_family = AF_INET};
    int on = 1;

    if (server->sa_family != AF_INET ||
        ntohl(((const struct sockaddr_in *)server)->sin_addr.s_addr) >> 24 != 127)
        return;
    source.sin_addr.s_addr = htonl(0x7f010000 + ++number % SOURCES); /* 127.1.0.0 and up */
    check(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
    check(bind(fd, (struct sockaddr *)&source, sizeof source), "bind");
}

enum outcome
open_connection(struct exchange *x, const struct sockaddr *server, socklen_t len)
{
    static atomic_bool ports_ran_out;
    bool spread = ports_ran_out;
    int on = 1;

    x->fd = socket(server->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd == -1)
        return failure(errno);
    if (spread)
        choose_source(x->fd, server);
    check(setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    if (connect(x->fd, server, len) == 0 || errno == EINPROGRESS)
        return IN_FLIGHT;
    if (errno != EADDRNOTAVAIL || spread)
        return failure(errno);
    ports_ran_out = true;
    close(x->fd);
    return open_connection(x, server, len);
}

void
close_connection(struct exchange *x)
{
    if (x->fd >= 0)
        close(x->fd);
    free(x->answer.held);
    *x = (struct exchange){.fd = -1};
}

enum outcome
send_rest(struct exchange *x, uint64_t *sent)
{
    while (x->out_left > 0) {
        ssize_t n = send(x->fd, x->out, x->out_left, MSG_NOSIGNAL);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1 && (errno == ECONNRESET || errno == EPIPE))
            x->broken = failure(errno);
        if (n == -1)
            return errno == EAGAIN || x->broken ? IN_FLIGHT : failure(errno);
        x->out += n;
        x->out_left -= (size_t)n;
        *sent += (uint64_t)n;
    }
    return IN_FLIGHT;
}
