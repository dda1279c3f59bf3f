/*
 * aio-calls.c - every function of POSIX AIO, and what each says
 *
 * Shows:  aio_read(), aio_write(), aio_fsync(), lio_listio() hand over requests; aio_error() and
 *         aio_return() tell how they stand; aio_suspend() sleeps until one is done; aio_cancel()
 *         comes in time, or does not. And who does the work: threads of glibc.
 * Run:    build/02-io-models/aio-calls
 * Book:   02-io-models, "Asynchronous"
 */
#include "args.h"
#include "error.h"

#include <aio.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { US, PEER };
static int ends[2]; /* of a connection */
static char bytes[16], big[1000000];

static struct aiocb
request(int opcode, char *buf, size_t len)
{
    return (struct aiocb){.aio_fildes = ends[US],
                          .aio_lio_opcode = opcode,
                          .aio_buf = buf,
                          .aio_nbytes = len,
                          .aio_sigevent.sigev_notify = SIGEV_NONE};
}

/* A folder has two links, and one more for each folder in it: here, for each thread. */
static int
threads(void)
{
    struct stat tasks;

    check(stat("/proc/self/task", &tasks), "stat");
    return (int)tasks.st_nlink - 2;
}

/* Prints what `call` has returned, by name where it is not a plain number. */
static void
say(const char *situation, const char *call, ssize_t n)
{
    static const char *const cancelled[] = {"AIO_CANCELED", "AIO_NOTCANCELED", "AIO_ALLDONE"};

    printf("%-42s %12s = ", situation, call);
    if (n >= 0 && strcmp(call, "aio_cancel") == 0)
        puts(cancelled[n]);
    else if (n > 0 && strcmp(call, "aio_error") == 0) /* it returns an errno, and does not set it */
        puts(errno_name((int)n));
    else
        printf("%zd\n", n);
}

static void
wait_for(const struct aiocb *r)
{
    check(aio_suspend(&r, 1, NULL), "aio_suspend"); /* no EINTR: there is no handler */
}

static void
read_and_write(void)
{
    struct aiocb in = request(LIO_READ, bytes, 16), out = request(LIO_WRITE, "hello", 5);
    const struct aiocb *list[] = {&in};

    printf("%d thread\n", threads());
    say("a read from a peer that is silent", "aio_read", aio_read(&in));
    printf("%d threads\n", threads());
    say("  meanwhile", "aio_error", aio_error(&in));
    check((int)send(ends[PEER], "hi!", 3, 0), "send");
    say("  the peer speaks, and we sleep", "aio_suspend", aio_suspend(list, 1, NULL));
    say("  now", "aio_error", aio_error(&in));
    say("  3 bytes are in our buffer", "aio_return", aio_return(&in));
    say("a write", "aio_write", aio_write(&out));
    wait_for(&out);
    say("  all is written", "aio_return", aio_return(&out));
}

/* aio_fsync() is for files: it is done when all that was asked for before is on the disk. */
static void
to_the_disk(void)
{
    struct aiocb out = request(LIO_WRITE, "hello", 5), sync = request(LIO_NOP, NULL, 0);
    FILE *file = tmpfile();

    if (!file)
        fail("tmpfile", NULL);
    out.aio_fildes = sync.aio_fildes = fileno(file);
    say("a write to a file", "aio_write", aio_write(&out));
    say("  and on to the disk", "aio_fsync", aio_fsync(O_SYNC, &sync));
    wait_for(&sync);
    say("  the second is done, so the first is", "aio_error", aio_error(&out));
    fclose(file);
}

static void
lists(void)
{
    struct aiocb in = request(LIO_READ, bytes, 16), out = request(LIO_WRITE, "hello", 5);
    struct aiocb *both[] = {&in, &out};

    check((int)send(ends[PEER], "hi!", 3, 0), "send");
    say("a read and a write, LIO_WAIT", "lio_listio", lio_listio(LIO_WAIT, both, 2, NULL));
    say("  the read", "aio_return", aio_return(&in));
    say("  the write", "aio_return", aio_return(&out));
    check((int)recv(ends[PEER], big, 10, MSG_WAITALL), "recv"); /* this hello, and the first */
    say("the read alone, LIO_NOWAIT", "lio_listio", lio_listio(LIO_NOWAIT, both, 1, NULL));
    say("  meanwhile", "aio_error", aio_error(&in));
    check((int)send(ends[PEER], "hi!", 3, 0), "send");
    wait_for(&in);
    say("  the peer has spoken", "aio_return", aio_return(&in));
}

/* Requests for one descriptor stand in line: while the first waits, the second has not begun. */
static void
cancelling(void)
{
    struct aiocb first = request(LIO_WRITE, big, sizeof big), second = request(LIO_WRITE, big, 1);
    struct pollfd begun = {.fd = ends[PEER], .events = POLLIN};

    say("two writes, the peer does not read", "aio_write", aio_write(&first));
    check(aio_write(&second), "aio_write");
    check(poll(&begun, 1, -1), "poll"); /* until a thread has begun with the first */
    say("  the second has not begun", "aio_cancel", aio_cancel(ends[US], &second));
    say("    its state", "aio_error", aio_error(&second));
    say("    its result", "aio_return", aio_return(&second));
    say("  the first sleeps in a thread's write()", "aio_cancel", aio_cancel(ends[US], &first));
    check((int)recv(ends[PEER], big, sizeof big, MSG_WAITALL), "recv");
    wait_for(&first);
    say("  the peer has read", "aio_cancel", aio_cancel(ends[US], &first));
    say("    its result", "aio_return", aio_return(&first));
}

int
main(int argc, char **argv)
{
    parse_args(argc, argv, NULL, "");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    read_and_write();
    to_the_disk();
    lists();
    cancelling();
    return 0;
}
