#include "stage.h"

#include "error.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The letter behind the name, which may hold anything, is its state. See proc(5). */
bool
is_asleep(int tid)
{
    char path[64], stat[256] = "";
    const char *name_ends;
    int fd;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    fd = open(path, O_RDONLY);
    if (fd == -1)
        return false; /* it has not said yet who it is */
    check((int)read(fd, stat, sizeof stat - 1), "read");
    close(fd);
    name_ends = strrchr(stat, ')');
    return name_ends && name_ends[1] == ' ' && name_ends[2] == 'S';
}

int
listen_too(int first)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    int on = 1, listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

    check(getsockname(first, (struct sockaddr *)&addr, &len), "getsockname");
    check(setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
    check(bind(listener, (struct sockaddr *)&addr, len), "bind");
    check(listen(listener, SOMAXCONN), "listen");
    return listener;
}

/*
 * The listener calls whoever waits when the last packet of the handshake comes, perhaps after our
 * connect() has returned. What comes after that packet is acknowledged after it.
 */
int
come(int listener)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), unacknowledged;

    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    check(connect(fd, (struct sockaddr *)&addr, len), "connect");
    check((int)write(fd, "x", 1), "write");
    do
        check(ioctl(fd, SIOCOUTQ, &unacknowledged), "ioctl");
    while (unacknowledged > 0);
    return fd;
}
