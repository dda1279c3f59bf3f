/*
 * aio-in-line.c - an answer that waits until the peer has asked again
 *
 * Shows:  glibc keeps a line for each descriptor, and starts a request when the one before it is
 *         done. A write behind a waiting read is not started: a server that goes on reading while
 *         it answers is one message late. Another descriptor of the same connection has a line of
 *         its own.
 * Run:    build/06-proactor/aio-in-line
 * Book:   06-proactor, "Threads that nobody sees"
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <aio.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { US, PEER };
static int ends[2]; /* of a connection */
static char bytes[16];
static long patience_ms;

static struct aiocb
request(int fd, const char *buf, size_t len)
{
    return (struct aiocb){.aio_fildes = fd,
                          .aio_buf = (char *)buf,
                          .aio_nbytes = len,
                          .aio_sigevent.sigev_notify = SIGEV_NONE};
}

/* Waits for it, but not for too long. */
static void
tell(const char *what, const struct aiocb *r)
{
    struct timespec patience = {patience_ms / 1000, patience_ms % 1000 * NS_PER_MS};
    const struct aiocb *list[] = {r};

    while (aio_suspend(list, 1, &patience) == -1 && errno == EINTR)
        ;
    printf("  the %s is %s\n", what, aio_error(r) == EINPROGRESS ? "not done" : "done");
}

static void
let_peer_look(void)
{
    struct pollfd readable = {.fd = ends[PEER], .events = POLLIN};
    char got[17] = "nothing";

    if (check(poll(&readable, 1, 0), "poll") == 1)
        got[check((int)recv(ends[PEER], got, 16, 0), "recv")] = '\0';
    printf("  the peer has got: %s\n", got);
}

static void
let_peer_speak(const char *word)
{
    printf("the peer speaks\n");
    check((int)send(ends[PEER], word, 5, 0), "send");
}

/* The answer goes out through `out`, while a request to read waits on ends[US]. */
static void
answer_while_reading(int out)
{
    struct aiocb in = request(ends[US], bytes, sizeof bytes), answer = request(out, "answer", 6);

    check(aio_read(&in), "aio_read");
    check(aio_write(&answer), "aio_write");
    tell("write", &answer);
    let_peer_look();
    let_peer_speak("more?");
    tell("read", &in);
    tell("write", &answer);
    let_peer_look();
}

int
main(int argc, char **argv)
{
    const char *ms = "200";
    const struct own_option own[] = {{'d', "MS", "that a request is waited for (200)", &ms}, {0}};
    int other;

    parse_args(argc, argv, own, "");
    patience_ms = parse_number(ms, 1, 10000, "MS");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    printf("a read waits, and then a write is handed over, for the same descriptor\n");
    answer_while_reading(ends[US]);
    other = check(dup(ends[US]), "dup");
    printf("the same, but the write by another descriptor of the connection, made by dup()\n");
    answer_while_reading(other);
    return 0;
}
