/*
 * unix-echo.c - an echo server on a path instead of a port
 *
 * Shows:  only the address differs; listen, accept, read and write are the same. The path
 *         outlives its server: bind() finds it there and cannot tell a dead one from a busy one.
 * Run:    build/00-sockets/unix-echo /tmp/echo
 * Watch:  ls -l /tmp/echo, while it runs, after Ctrl-C, after kill -KILL and a new start
 * Book:   00-sockets, "Unix sockets"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket (not just any file) whose server was killed before it could unlink it? */
static bool
is_left_behind(const struct sockaddr_un *addr)
{
    int fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
    bool refused =
        connect(fd, (const struct sockaddr *)addr, sizeof *addr) == -1 && errno == ECONNREFUSED;
    struct stat file;

    close(fd);
    return refused && lstat(addr->sun_path, &file) == 0 && S_ISSOCK(file.st_mode);
}

static void
echo_until_end(int peer)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(peer, buf, sizeof buf)) != 0)
        if (n < 0 ? errno != EINTR : write_all(peer, buf, (size_t)n) != IO_DATA)
            return;
}

int
main(int argc, char **argv)
{
    const char *path = parse_args(argc, argv, NULL, "PATH")[0];
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"), peer;

    errno = ENAMETOOLONG; /* the address has room for 107 bytes: see unix(7) */
    if (strlen(path) >= sizeof addr.sun_path)
        fail("bind", path);
    strcpy(addr.sun_path, path);
    if (is_left_behind(&addr))
        unlink(path);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) == -1)
        fail("bind", path);
    check(listen(listener, SOMAXCONN), "listen");
    stop_on_signals(listener);
    printf("listening on unix:%s\n", path);
    if (fflush(stdout) != 0)
        fail("write", "stdout");
    while ((peer = next_peer(listener)) >= 0) {
        echo_until_end(peer);
        close(peer);
    }
    unlink(path);
    return 0;
}
