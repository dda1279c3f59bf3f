/*
 * files.c - a correct server: the files of a folder, whole, to whoever asks and however many do
 *
 * Run:    build/files -p 8000 -d build/site
 *         build/files -p 8000 -d build/site -s 20     slow, and right all the same
 * Book:   10-webbench, "The benchmark of the 404 page"
 */
#include "args.h"
#include "clock.h"
#include "docroot.h"
#include "error.h"
#include "http.h"
#include "http_parser.h"
#include "io.h"
#include "net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGEST = 65536 };

struct answer {
    int status;
    size_t promised, len; /* of the body: as the head says, and as it is sent */
    char body[LARGEST];
    bool last; /* the connection ends with it */
};

static int root;
static long slow_ms;
static const char *once;
static atomic_int peers;

/* The file at `path`, or what is to be said instead. */
static void
find(const char *path, struct answer *a)
{
    static const char no[] = "<h1>Not found</h1>\n";
    struct docroot_file file;
    enum io_result result = IO_DATA;

    a->status = docroot_open(root, path, &file);
    if (a->status == 200) {
        result = read_exactly(file.fd, a->body, sizeof a->body, &a->len);
        close(file.fd);
    }
    if (a->status != 200 || result == IO_FAILED) {
        a->status = 404;
        a->len = sizeof no - 1;
        memcpy(a->body, no, a->len);
    }
    a->promised = a->len;
}

/* Answers the request whose head is at `head`. False: the connection is at its end. */
static bool
answer(int peer, const struct http_parser *request, const char *head)
{
    static _Thread_local struct answer a;
    char path[HTTP_LONGEST_REQUEST_LINE], text[256];
    size_t len;

    if (http_path(head + request->target.start, request->target.len, path, sizeof path) != 200)
        return false;
    a.last = once || !request->keep_alive;
    find(path, &a);
    sleep_ms(slow_ms);
    len = (size_t)snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%s\r\n",
                           a.status, http_reason(a.status), a.promised,
                           a.last ? "Connection: close\r\n" : "");
    /* MSG_MORE: the head waits for the body, and both go out in one piece. */
    return send(peer, text, len, a.len > 0 ? MSG_MORE : 0) == (ssize_t)len &&
           write_all(peer, a.body, a.len) == IO_DATA && !a.last;
}

static void *
converse(void *own)
{
    int peer = (int)(intptr_t)own;
    struct http_parser request;
    char bytes[HTTP_LONGEST_HEAD];
    size_t len = 0, used;
    ssize_t n = 1;
    bool goes_on = true;

    http_parser_start(&request, 0);
    while (goes_on && n > 0) {
        enum http_event event = http_parse(&request, bytes, len, &used);

        if (event == HTTP_HEAD)
            goes_on = answer(peer, &request, bytes);
        else if (event == HTTP_ERROR)
            break;
        len -= used;
        memmove(bytes, bytes + used, len);
        if (event == HTTP_MORE) {
            n = read(peer, bytes + len, sizeof bytes - len);
            len += n > 0 ? (size_t)n : 0;
        }
    }
    peers--;
    close(peer);
    return NULL;
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *slow = "0";
    const struct own_option own[] = {
        {'d', "DIRECTORY", "what is served (.)", &directory},
        {'s', "MS", "how long it thinks before each answer (0)", &slow},
        {'1', NULL, "one answer a connection", &once},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port), peer;

    slow_ms = parse_number(slow, 0, 10000, "MS");
    root = docroot(directory);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        pthread_t thread;

        peers++;
        if (pthread_create(&thread, NULL, converse, (void *)(intptr_t)peer) == 0) {
            pthread_detach(thread);
        } else {
            peers--;
            close(peer);
        }
    }
    return 0;
}
