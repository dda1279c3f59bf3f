/*
 * aio-calls.c - every function of POSIX AIO, and what each says
 *
 * Shows:  aio_read(), aio_write(), lio_listio() hand over requests; aio_error() and aio_return()
 *         tell how they stand; aio_suspend() sleeps until one is done; aio_cancel() comes in
 *         time, or does not. And who does the work: threads of glibc.
 * Run:    build/02-io-models/aio-calls
 * Book:   02-io-models, "Asynchronous"
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int us, peer;
static char bytes[16], big[1000000];

static struct aiocb
request(int opcode, char *buf, size_t len)
{
    return (struct aiocb){.aio_fildes = us,
                          .aio_lio_opcode = opcode,
                          .aio_buf = buf,
                          .aio_nbytes = len,
                          .aio_sigevent.sigev_notify = SIGEV_NONE};
}

static int
threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = -2; /* "." and ".." */

    if (!tasks)
        fail("opendir", "/proc/self/task");
    while (readdir(tasks))
        n++;
    closedir(tasks);
    return n;
}

/* Prints what `call` has returned. */
static void
say(const char *situation, const char *call, long n)
{
    printf("%-42s %12s = %ld\n", situation, call, n);
}

/* aio_error() returns an errno and does not set it. */
static void
say_state(const char *situation, const struct aiocb *r)
{
    int error = aio_error(r);

    printf("%-42s %12s = %s\n", situation, "aio_error", error ? errno_name(error) : "0");
}

static void
wait_for(const struct aiocb *r)
{
    while (aio_error(r) == EINPROGRESS)
        if (aio_suspend(&r, 1, NULL) == -1 && errno != EINTR)
            fail("aio_suspend", NULL);
}

static void
peer_speaks(void)
{
    if (write_all(peer, "hi!", 3) != IO_DATA)
        fail("write", NULL);
}

static void
peer_reads(size_t len)
{
    size_t got;

    if (read_exactly(peer, big, len, &got) != IO_DATA)
        fail("read", NULL);
}

static void
read_and_write(void)
{
    struct aiocb in = request(LIO_READ, bytes, 16), out = request(LIO_WRITE, "hello", 5);
    const struct aiocb *list[] = {&in};

    printf("%d thread\n", threads());
    say("a read from a peer that is silent", "aio_read", aio_read(&in));
    printf("%d threads\n", threads());
    say_state("  meanwhile", &in);
    peer_speaks();
    say("  the peer speaks, and we sleep", "aio_suspend", aio_suspend(list, 1, NULL));
    say_state("  now", &in);
    say("  3 bytes are in our buffer", "aio_return", aio_return(&in));
    say("a write", "aio_write", aio_write(&out));
    wait_for(&out);
    say("  all is written", "aio_return", aio_return(&out));
    peer_reads(5);
}

static void
lists(void)
{
    struct aiocb in = request(LIO_READ, bytes, 16), out = request(LIO_WRITE, "hello", 5);
    struct aiocb *both[] = {&in, &out};

    peer_speaks();
    say("a read and a write, LIO_WAIT", "lio_listio", lio_listio(LIO_WAIT, both, 2, NULL));
    say("  the read", "aio_return", aio_return(&in));
    say("  the write", "aio_return", aio_return(&out));
    peer_reads(5);
    say("the read alone, LIO_NOWAIT", "lio_listio", lio_listio(LIO_NOWAIT, both, 1, NULL));
    say_state("  meanwhile", &in);
    peer_speaks();
    wait_for(&in);
    say("  the peer has spoken", "aio_return", aio_return(&in));
}

static const char *
answer(int n)
{
    return n == AIO_CANCELED      ? "AIO_CANCELED"
           : n == AIO_NOTCANCELED ? "AIO_NOTCANCELED"
           : n == AIO_ALLDONE     ? "AIO_ALLDONE"
                                  : errno_name(errno);
}

static void
cancel(const char *situation, struct aiocb *r)
{
    printf("%-42s %12s = %s\n", situation, "aio_cancel", answer(aio_cancel(us, r)));
}

/* Requests for one descriptor stand in line: while the first one waits, the second has not begun.
 */
static void
cancelling(void)
{
    struct aiocb first = request(LIO_WRITE, big, sizeof big), second = request(LIO_WRITE, big, 1);
    struct pollfd begun = {.fd = peer, .events = POLLIN};

    say("two writes, the peer does not read", "aio_write", aio_write(&first));
    check(aio_write(&second), "aio_write");
    check(poll(&begun, 1, -1), "poll"); /* until a thread has begun with the first */
    cancel("  the second has not begun", &second);
    say_state("    its state", &second);
    say("    its result", "aio_return", aio_return(&second));
    cancel("  the first sleeps in a thread's write()", &first);
    peer_reads(sizeof big);
    wait_for(&first);
    cancel("  the peer has read", &first);
    say("    its result", "aio_return", aio_return(&first));
}

int
main(int argc, char **argv)
{
    int pair[2];

    parse_args(argc, argv, NULL, "");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    us = pair[0];
    peer = pair[1];
    read_and_write();
    lists();
    cancelling();
    return 0;
}
