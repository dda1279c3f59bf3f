/*
 * pair.h - both ends of a TCP connection in one program
 *
 * What the programs that put questions to a connection share: two connected sockets,
 * and the line that tells what a call has said.
 */
#pragma once

#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Asks the kernel for a buffer of `bytes`, SO_SNDBUF or SO_RCVBUF; 0: whatever it likes. */
static inline void
ask_for_buffer(int fd, int which, int bytes)
{
    if (bytes > 0)
        check(setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof bytes), "setsockopt");
}

/*
 * *us and *peer become the two ends of a new connection over the loopback interface, with
 * buffers of the sizes asked for on the way from us to the peer. They are asked for before
 * the connection is made: the handshake settles how far its window can open. See tcp(7).
 */
static inline void
connect_pair(int *us, int *peer, int send_buffer, int receive_buffer)
{
    int listener = tcp_listen("127.0.0.1", "0");
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;

    ask_for_buffer(listener, SO_RCVBUF, receive_buffer); /* the peer inherits it */
    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    *us = check(socket(addr.ss_family, SOCK_STREAM, 0), "socket");
    ask_for_buffer(*us, SO_SNDBUF, send_buffer);
    check(connect(*us, (struct sockaddr *)&addr, len), "connect");
    *peer = check(accept(listener, NULL, NULL), "accept");
    close(listener);
}

/* Prints the situation, what `call` returned in it with errno, and what io_result() makes of it. */
static inline void
say(const char *situation, const char *call, ssize_t n)
{
    static const char *const name[] = {"IO_DATA", "IO_END", "IO_NOT_YET", "IO_INTERRUPTED",
                                       "IO_FAILED"};
    enum io_result result = io_result(n);

    printf("%-38s %5s = ", situation, call);
    if (n < 0)
        printf("-1 %-10s  %s\n", errno_name(errno), name[result]);
    else
        printf("%-13zd  %s\n", n, name[result]);
}
