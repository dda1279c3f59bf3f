/*
 * tunnel - a proxy that knows CONNECT: it says 200, and from then on passes bytes, unread
 *
 * Shows:  after its answer to CONNECT the connection is no longer HTTP but a pipe, in both
 *         directions, each with an end of its own. And a proxy that lets strangers connect from
 *         its machine must say where to: to loopback addresses, unless -a names another host.
 * Run:    build/03-http/tunnel -p 8001, and build/03-http/serve -p 8000
 * Watch:  curl -v --proxytunnel --proxy 127.0.0.1:8001 http://127.0.0.1:8000/
 * Cannot: keep up two tunnels at once: the second waits until the first has ended.
 * Book:   03-http, "Eight methods"
 */
#include "../request.h"
#include "../response.h"
#include "args.h"
#include "http.h"
#include "net.h"
#include "relay.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *also_allowed = "";

static bool
is_allowed(const char *host, const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)addr)->sin6_addr) ||
               strcasecmp(host, also_allowed) == 0;
    return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == 127 ||
           strcasecmp(host, also_allowed) == 0;
}

/*
 * Connects to `target`, "host:port" or "[::1]:port". Returns 200 and sets *fd, or the status to
 * refuse with. What is allowed is decided by the address, after the look-up: a name means what
 * its owner likes.
 */
static int
open_target(const char *target, int *fd)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *a;
    const char *port = strrchr(target, ':');
    int status = 502, bracket = *target == '[';
    char host[256];

    if (!is_host(target) || !port || !*++port || strchr(port, ']') ||
        port - target > (int)sizeof host || strtoul(port, NULL, 10) > 65535)
        return 400;
    snprintf(host, sizeof host, "%.*s", (int)(port - target) - 1 - 2 * bracket, target + bracket);
    if (!*host)
        return 400;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return 502;
    for (a = found; a && status != 200; a = a->ai_next) {
        if (!is_allowed(host, a->ai_addr)) {
            status = 403;
        } else if ((*fd = socket(a->ai_family, a->ai_socktype, 0)) >= 0) {
            lose_patience(*fd);
            if (connect(*fd, a->ai_addr, a->ai_addrlen) == 0)
                status = 200;
            else
                close(*fd);
        }
    }
    freeaddrinfo(found);
    return status;
}

static void
serve(struct connection *conn)
{
    static struct request request;
    struct response response;
    int status = take_request(conn, &request), target = -1;

    if (status == 0)
        return;
    if (status == 200)
        status =
            strcmp(request.method, "CONNECT") == 0 ? open_target(request.target, &target) : 405;
    request.persists = status == 200;
    begin_response(&response, &request, status);
    if (status == 405)
        add_line(&response, "Allow: CONNECT");
    if (status != 200)
        send_status(conn->fd, &request, &response);
    else if (send_response(conn->fd, &response, NULL, 0) == IO_DATA)
        relay(conn->fd, target, conn->buf, conn->len); /* what has come with the head, too */
    if (target >= 0)
        close(target);
}

int
main(int argc, char **argv)
{
    const struct own_option own[] = {{'a', "HOST", "allow this host, too", &also_allowed}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port);
    static struct connection conn;

    stop_on_signals(listener);
    announce(listener);
    while ((conn.fd = next_peer(listener)) >= 0) {
        conn.len = 0;
        lose_patience(conn.fd);
        serve(&conn);
        close_gently(conn.fd);
    }
    return 0;
}
