/*
 * serve-one.c - the least that is a web server: one GET, one file, and the connection ends
 *
 * Shows:  a request is read up to the blank line; the end of the connection is the end of the
 *         answer; and between the target and the file stands the question of who may have it.
 * Run:    build/03-http/serve-one -p 8000 -d book
 * Watch:  curl -v http://127.0.0.1:8000/README.md
 * Breaks: bad-strcat-path.c
 * Book:   03-http, "One request, one answer"
 */
#include "args.h"
#include "docroot.h"
#include "http.h"
#include "net.h"
#include "request.h"
#include "response.h"

#include <stdbool.h>
#include <string.h>

static int root;

static int
open_target(const char *target, struct docroot_file *file)
{
    char path[4096];
    int status = http_path(target, strlen(target), path, sizeof path);

    return status == 200 ? docroot_open(root, path, file) : status;
}

static void
answer(struct connection *conn, struct request *request, int status)
{
    struct docroot_file file = {.fd = -1};
    struct response response;

    request->persists = false;
    if (status == 200 && strcmp(request->method, "GET") != 0)
        status = 501;
    if (status == 200)
        status = open_target(request->target, &file);
    begin_response(&response, request, status == 301 ? 404 : status);
    if (status == 200)
        send_file(conn->fd, request, &response, &file);
    else
        send_status(conn->fd, request, &response);
    if (file.fd >= 0)
        close(file.fd);
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'d', "DIRECTORY", "what is served (.)", &directory}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port), status;
    static struct connection conn;
    static struct request request;

    root = docroot(directory);
    stop_on_signals(listener);
    announce(listener);
    while ((conn.fd = next_peer(listener)) >= 0) {
        conn.len = 0;
        lose_patience(conn.fd);
        if ((status = take_request(&conn, &request)) != 0)
            answer(&conn, &request, status);
        close_gently(conn.fd);
    }
    return 0;
}
