/*
 * bad-strcat-path.c - a web server that gives away every file of the machine
 *
 * Shows:  the root and the target, put together, are a path; but a path may lead up as well as
 *         down. The target is what a stranger has typed, and a browser's tidiness is no guard:
 *         the next client is not a browser.
 * Run:    build/03-http/bad-strcat-path -p 8000 -d book
 * Watch:  curl --path-as-is http://127.0.0.1:8000/../lib/README.md
 * Twin:   serve-one.c
 * Book:   03-http, "What goes wrong"
 */
#include "args.h"
#include "docroot.h"
#include "http.h"
#include "net.h"
#include "request.h"
#include "response.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static const char *directory = ".";

static int
open_target(const char *target, struct docroot_file *file)
{
    char path[4096];
    struct stat status;

    snprintf(path, sizeof path, "%s", directory);
    strncat(path, target, sizeof path - strlen(path) - 1);
    file->fd = open(path, O_RDONLY);
    if (file->fd == -1 || fstat(file->fd, &status) == -1)
        return 404;
    file->size = status.st_size;
    file->type = http_type(path, strlen(path));
    return 200;
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
    const struct own_option own[] = {{'d', "DIRECTORY", "what is served (.)", &directory}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port), status;
    static struct connection conn;
    static struct request request;

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
