/*
 * methods - seven methods on resources in memory: what each asks for, and what it may not do
 *
 * Shows:  a method is a promise about what happens: nothing (safe), the same however often it
 *         is sent (idempotent), or something each time. The answers follow from it.
 * Run:    build/03-http/methods -t, and build/03-http/methods -p 8000
 * Watch:  curl -i -T README.md http://127.0.0.1:8000/readme, twice: 201, 204
 *         curl -i -d hello http://127.0.0.1:8000/, twice: 201 and 201, each with its Location
 *         curl -i -X OPTIONS --request-target '*' http://127.0.0.1:8000/
 * Cannot: read a body in chunks (411), or CONNECT, which is for proxies: tunnel.
 * Book:   03-http, "Eight methods"
 */
#include "../request.h"
#include "args.h"
#include "logic.h"
#include "net.h"

#include <stdio.h>

static void
print_table(void)
{
    printf("method   safe  idempotent  has a body\n");
    for (const struct method *m = methods; m->name; m++)
        printf("%-8s %-5s %-11s %s\n", m->name, m->safe ? "yes" : "no",
               m->idempotent ? "yes" : "no", m->has_body ? "yes" : "no");
    printf("CONNECT  no    no          no (from then on all is body)\n");
}

/* Takes the whole body. Returns 200; 0: the peer is gone; else the status to refuse it with. */
static int
take_whole_body(struct connection *conn, struct exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const char *expect = first_field(x->request, "Expect");

    x->len = 0;
    if (expect && strcasecmp(expect, "100-continue") != 0)
        return 417;
    if (x->request->chunked)
        return 411;
    if (x->request->body > sizeof x->body)
        return 413;
    if (expect && x->request->body > 0 && conn->len == 0 && x->request->minor > 0 &&
        write_all(x->peer, go_on, sizeof go_on - 1) != IO_DATA)
        return 0;
    while (x->request->body > 0) {
        size_t n = take_body(conn, x->request, x->body + x->len, sizeof x->body - x->len);

        if (n == 0)
            return 0;
        x->len += n;
    }
    return 200;
}

/* Returns whether the connection goes on. */
static bool
serve(struct connection *conn, struct exchange *x)
{
    int status = take_request(conn, x->request);

    if (status == 200)
        status = take_whole_body(conn, x);
    if (status == 0)
        return false;
    if (status != 200)
        x->request->persists = false; /* nobody knows where the next request begins */
    answer(x, status);
    return x->request->persists;
}

int
main(int argc, char **argv)
{
    const char *table = NULL;
    const struct own_option own[] = {{'t', NULL, "print what the methods promise", &table}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    static struct connection conn;
    static struct request request;
    static struct exchange exchange = {.request = &request};
    int listener;

    if (table) {
        print_table();
        return 0;
    }
    listener = tcp_listen(args.address, args.port);
    stop_on_signals(listener);
    announce(listener);
    while ((conn.fd = next_peer(listener)) >= 0) {
        conn.len = 0;
        exchange.peer = conn.fd;
        lose_patience(conn.fd);
        while (serve(&conn, &exchange))
            ;
        close_gently(conn.fd);
    }
    return 0;
}
