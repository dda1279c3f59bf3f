/*
 * what-read-says.c - every answer that one read() can give, produced live
 *
 * Shows:  read() says a count, perhaps smaller than the one asked for; or 0, the end; or
 *         -1 with an errno, of which three values are not failures.
 * Run:    build/01-blocking/what-read-says
 * Watch:  strace -e trace=read on it: where the program sees one read() go on after three
 *         signals, strace sees the kernel begin it again after each (ERESTARTSYS).
 * Breaks: bad-eagain-is-eof.c, bad-dies-on-eintr.c
 * Book:   01-blocking, "What can one read say?"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "pair.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int us, peer;
static volatile sig_atomic_t signals, last_signal;

/* In the handler of the last signal the peer speaks. */
static void
on_signal(int signal)
{
    int saved_errno = errno;

    (void)signal;
    if (++signals == last_signal && write(peer, "hello", 5) != 5)
        _exit(1);
    errno = saved_errno;
}

static void
catch_signals(int flags, int last)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

    signals = 0;
    last_signal = last;
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
}

/* SIGALRM every `ms` milliseconds, so that one comes while read() sleeps; 0: no more. */
static void
alarm_every(int ms)
{
    struct itimerval every = {{0, ms * 1000}, {0, ms * 1000}};

    check(setitimer(ITIMER_REAL, &every, NULL), "setitimer");
}

static void
patience(int seconds, int milliseconds)
{
    struct timeval longest = {seconds, milliseconds * 1000};

    check(setsockopt(us, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest), "setsockopt");
}

/* Asks for `len` bytes, once. */
static void
ask(const char *situation, size_t len)
{
    char buf[100];

    say(situation, "read", read(us, buf, len));
}

int
main(int argc, char **argv)
{
    parse_args(argc, argv, NULL, "");
    connect_pair(&us, &peer, 0, 0);
    if (write_all(peer, "hello, world", 12) != IO_DATA)
        fail("write", "peer");
    ask("12 bytes came, we ask for 5", 5);
    ask("  we ask for 100", 100);

    catch_signals(0, 0);
    alarm_every(20);
    ask("a signal comes, no SA_RESTART", 100);
    catch_signals(SA_RESTART, 3);
    ask("3 signals, SA_RESTART, then 5 bytes", 100);
    patience(60, 0);
    ask("a signal, SA_RESTART, but SO_RCVTIMEO", 100);
    alarm_every(0);

    patience(0, 50);
    ask("SO_RCVTIMEO of 50 ms has passed", 100);
    set_nonblocking(us);
    ask("nothing yet, O_NONBLOCK", 100);

    close(peer);
    ask("the peer has closed", 100);
    ask("  we ask again", 100);
    close(us);

    connect_pair(&us, &peer, 0, 0);
    if (write_all(us, "hello", 5) != IO_DATA)
        fail("write", "us");
    close(peer); /* it has not read them: RST instead of FIN, see RFC 2525 section 2.17 */
    ask("the peer has reset the connection", 100);
    ask("  we ask again", 100);
    close(us);
    return 0;
}
