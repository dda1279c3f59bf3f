/*
 * serve.c - a file server that a browser uses without complaint, to be read in one sitting
 *
 * Shows:  a connection outlives the request: where one request ends and the next begins, who
 *         ends the connection, and how both sides know. It serves one peer at a time; a peer
 *         that has nothing to ask gives way to one that waits.
 * Run:    build/03-http/serve -p 8000 -d book
 * Watch:  curl -v http://127.0.0.1:8000/README.md http://127.0.0.1:8000/nothing
 *         and a browser, which gets a file by 304 the second time.
 * Cannot: be fair to many, or hurry a peer that dribbles. request.h says what else a whole head
 *         in one buffer cannot do well, and chapter 08 mends it.
 * Book:   03-http, "A server for files"
 */
#include "args.h"
#include "docroot.h"
#include "http.h"
#include "net.h"
#include "request.h"
#include "response.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { GRACE = 250 }; /* ms that a peer may be silent where others wait */

static int root, listener;

static bool
is_ready(int fd, int ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, ms) == 1;
}

/* Waits until the peer speaks or ends. False: others wait, too, and it has had its time. */
static bool
waits_its_turn(int peer)
{
    struct pollfd ready[] = {{.fd = peer, .events = POLLIN}, {.fd = listener, .events = POLLIN}};

    while (poll(ready, 2, -1) == -1)
        ; /* a signal to stop has shut both down: now they are ready */
    return ready[0].revents != 0 || is_ready(peer, GRACE);
}

/* Should a peer that wants to go on make room? Not if its next request is here already. */
static bool
others_wait(const struct connection *conn)
{
    return conn->len == 0 && is_ready(listener, 0) && !is_ready(conn->fd, 0);
}

static bool
is(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

static int
find(const struct request *request, char *path, size_t size, struct docroot_file *file)
{
    static const char *const not_here[] = {"POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE"};
    int status;

    for (size_t i = 0; i < sizeof not_here / sizeof not_here[0]; i++)
        if (is(request->method, not_here[i]))
            return 405;
    if (!is(request->method, "GET") && !is(request->method, "HEAD"))
        return 501;
    status = http_path(request->target, strlen(request->target), path, size);
    if (status == 200)
        status = docroot_open(root, path, file);
    if (status == 200 && file->modified > time(NULL))
        file->modified = time(NULL); /* no file is newer than the answer that brings it */
    return status;
}

/* Returns whether the connection goes on. */
static bool
answer(struct connection *conn, struct request *request, int status)
{
    struct docroot_file file = {.fd = -1};
    struct response response;
    char path[MOST_HEAD], place[4096], date[HTTP_DATE];
    bool sent;

    /* A peer that expects a 100 may or may not send its body: what follows is uncertain. */
    if (status != 200 || first_field(request, "Expect") || !skip_body(conn, request))
        request->persists = false;
    if (status == 200)
        status = find(request, path, sizeof path, &file);
    if (status == 200 && is_known(request, file.modified))
        status = 304;
    if (status == 301 && !http_encode(path, place, sizeof place))
        status = 404;
    if (others_wait(conn))
        request->persists = false;
    begin_response(&response, request, status);
    if (status == 405)
        add_line(&response, "Allow: GET, HEAD");
    if (status == 301)
        add_line(&response, "Location: %s/%.3000s", place, strchrnul(request->target, '?'));
    if (status == 200 || status == 304)
        add_line(&response, "Last-Modified: %s", http_date(file.modified, date));
    sent = status == 200 ? send_file(conn->fd, request, &response, &file)
                         : send_status(conn->fd, request, &response) == IO_DATA;
    if (file.fd >= 0)
        close(file.fd);
    return sent && request->persists;
}

static void
serve(struct connection *conn)
{
    static struct request request;
    int status;

    conn->len = 0;
    lose_patience(conn->fd);
    do {
        if (conn->len == 0 && !waits_its_turn(conn->fd)) {
            close(conn->fd); /* nothing is owed to it, and nothing it sent is unread */
            return;
        }
        status = take_request(conn, &request);
    } while (status != 0 && answer(conn, &request, status));
    close_gently(conn->fd);
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'d', "DIRECTORY", "what is served (.)", &directory}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    static struct connection conn;

    root = docroot(directory);
    listener = tcp_listen(args.address, args.port);
    stop_on_signals(listener);
    announce(listener);
    while ((conn.fd = next_peer(listener)) >= 0)
        serve(&conn);
    return 0;
}
