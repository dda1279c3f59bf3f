/*
 * says.c - an HTTP server that says what stands in a file, head and all
 *
 * Shows:  whatever an answer may look like, a client can be given it.
 * Run:    printf 'HTTP/1.1 204 No Content\r\n\r\n' >nothing; build/tests/says -d .
 * Watch:  build/10-webbench/load -n 10 http://127.0.0.1:8000/nothing
 *
 * One connection at a time. After a file whose name has ".end" in it, it is closed.
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool
say(int peer, const char *name)
{
    char buf[1 << 16];
    int file = check(open(name, O_RDONLY | O_CLOEXEC), "open");
    ssize_t n = check((int)read(file, buf, sizeof buf), "read");

    close(file);
    return write_all(peer, buf, (size_t)n) == IO_DATA && !strstr(name, ".end");
}

/* Heads have no body behind them and come one at a time, but perhaps in pieces. */
static void
serve(int peer)
{
    char head[4096], *target;
    size_t len = 0;
    ssize_t n;
    int on = 1;

    check(setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt"); /* pieces */
    while (len < sizeof head - 1 && (n = read(peer, head + len, sizeof head - 1 - len)) > 0) {
        len += (size_t)n;
        head[len] = '\0';
        if (!strstr(head, "\r\n\r\n"))
            continue;
        target = strchr(head, '/') + 1;
        target[strcspn(target, " ")] = '\0';
        if (!say(peer, target))
            return;
        len = 0;
    }
}

int
main(int argc, char **argv)
{
    const char *folder = ".";
    const struct own_option own[] = {{'d', "FOLDER", "where the files are (.)", &folder}, {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int listener = tcp_listen(args.address, args.port), peer;

    check(chdir(folder), "chdir");
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        serve(peer);
        close(peer);
    }
    return 0;
}
