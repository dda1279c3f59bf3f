/*
 * fill-the-buffer.c - how much goes into a connection whose peer does not read
 *
 * Shows:  write() copies into our send buffer, and the kernel moves the bytes on into the
 *         peer's receive buffer. When both are full, write() takes a part: a short write;
 *         then nothing, until the peer has read.
 * Run:    build/01-blocking/fill-the-buffer
 *         build/01-blocking/fill-the-buffer -s 10000 -r 10000
 * Watch:  what the kernel gives for those 10000, and on which side the bytes wait.
 * Breaks: bad-ignores-short-write.c
 * Book:   01-blocking, "A short write"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "pair.h"

#include <linux/sockios.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOLD = 12 }; /* how many calls are told one by one */

static int us, peer;
static char *message;
static size_t message_len, sent, received;

static void
tell_buffer(int fd, int which, const char *name, const char *asked)
{
    socklen_t len = sizeof(int);
    int bytes;

    check(getsockopt(fd, SOL_SOCKET, which, &bytes, &len), "getsockopt");
    printf("%s: asked for %s, is %d\n", name, asked, bytes);
}

static size_t
waiting_at_peer(void)
{
    int bytes;

    check(ioctl(peer, SIOCINQ, &bytes), "ioctl(SIOCINQ)");
    return (size_t)bytes;
}

/* The peer reads all that has come so far, and compares it with what was written. */
static void
let_peer_read(void)
{
    char buf[65536];
    ssize_t n;

    while ((n = read(peer, buf, sizeof buf)) > 0) {
        if (memcmp(buf, message + received, (size_t)n) != 0)
            fail("memcmp", "other bytes came than were written");
        received += (size_t)n;
    }
}

/* Writes until nothing more goes in, lets the peer read, and so on until all is written. */
static void
send_message(void)
{
    int calls = 0, short_writes = 0, refusals = 0;

    while (sent < message_len) {
        size_t rest = message_len - sent;
        ssize_t n = write(us, message + sent, rest);
        bool told = ++calls <= TOLD;

        switch (io_result(n)) {
        case IO_DATA:
            sent += (size_t)n;
            short_writes += (size_t)n < rest;
            if (told)
                printf("write %8zu bytes: %zd\n", rest, n);
            break;
        case IO_NOT_YET:
            refusals++;
            if (told)
                printf("write %8zu bytes: EAGAIN; %zu wait at the peer, %zu here\n", rest,
                       waiting_at_peer(), sent - received - waiting_at_peer());
            let_peer_read();
            break;
        default:
            fail("write", NULL);
        }
    }
    while (received < message_len)
        let_peer_read();
    printf("%d writes, %d of them short, %d refused; the peer has all %zu bytes\n", calls,
           short_writes, refusals, received);
}

int
main(int argc, char **argv)
{
    const char *send_buffer = "0", *receive_buffer = "0", *len = "20000000";
    const struct own_option own[] = {
        {'s', "BYTES", "SO_SNDBUF of the writer (0: as the kernel likes)", &send_buffer},
        {'r', "BYTES", "SO_RCVBUF of the peer (0: as the kernel likes)", &receive_buffer},
        {'l', "BYTES", "length of the message (20000000)", &len},
        {0}};

    parse_args(argc, argv, own, "");
    message_len = (size_t)parse_number(len, 1, 1 << 30, "BYTES");
    message = malloc(message_len);
    if (!message)
        fail("malloc", len);
    for (size_t i = 0; i < message_len; i++)
        message[i] = (char)(i % 251);

    connect_pair(&us, &peer, (int)parse_number(send_buffer, 0, 1 << 30, "BYTES"),
                 (int)parse_number(receive_buffer, 0, 1 << 30, "BYTES"));
    tell_buffer(us, SO_SNDBUF, "SO_SNDBUF", send_buffer);
    tell_buffer(peer, SO_RCVBUF, "SO_RCVBUF", receive_buffer);
    set_nonblocking(us);
    set_nonblocking(peer);
    send_message();
    free(message);
    return 0;
}
