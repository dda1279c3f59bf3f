/*
 * what-write-says.c - every answer that one write() can give, produced live
 *
 * Shows:  write() says how many bytes have gone into a buffer, perhaps fewer than it was
 *         given. It reports a peer that is gone one write too late, and by a signal that
 *         kills, unless the process has taken precautions.
 * Run:    build/01-blocking/what-write-says
 * Breaks: bad-ignores-short-write.c, bad-sigpipe.c
 * Book:   01-blocking, "What can one write say?"
 */
#include "args.h"
#include "error.h"
#include "io.h"
#include "pair.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER = 50000 }; /* asked for, so that `big` does not fit; see fill-the-buffer.c */

static char big[1000000];
static int us, peer;
static volatile sig_atomic_t signals;

static void
on_signal(int signal)
{
    (void)signal;
    signals++;
}

static void
catch_signal(int signal)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */

    signals = 0;
    check(sigaction(signal, &action, NULL), "sigaction");
}

/* SIGALRM every `ms` milliseconds, so that one comes while write() sleeps; 0: no more. */
static void
alarm_every(int ms)
{
    struct itimerval every = {{0, ms * 1000}, {0, ms * 1000}};

    check(setitimer(ITIMER_REAL, &every, NULL), "setitimer");
}

/* Writes `len` bytes, once. */
static void
give(const char *situation, size_t len)
{
    say(situation, "write", write(us, big, len));
}

/* Writes as long as anything is taken, and tells what the call says then. */
static void
give_until_full(const char *situation)
{
    ssize_t n;

    do
        n = write(us, big, sizeof big);
    while (n > 0);
    say(situation, "write", n);
}

static void
to_a_peer_that_does_not_read(void)
{
    connect_pair(&us, &peer, BUFFER, BUFFER);
    give("12 bytes", 12);
    catch_signal(SIGALRM);
    alarm_every(20);
    give("1,000,000 bytes, then a signal", sizeof big);
    give_until_full("more, until it is full, then a signal");
    alarm_every(0);
    set_nonblocking(us);
    give_until_full("more, O_NONBLOCK");
    close(us);
    close(peer);
}

static void
to_a_peer_that_has_closed(void)
{
    pid_t child;
    int status;

    connect_pair(&us, &peer, 0, 0);
    close(peer);
    give("the peer has closed", 12);
    signal(SIGPIPE, SIG_IGN);
    give("  again, SIGPIPE ignored", 12);
    catch_signal(SIGPIPE);
    give("  again, SIGPIPE caught", 12);
    printf("%-38s %d time\n", "    and its handler has run", signals);

    child = check(fork(), "fork");
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        _exit(write(us, big, 12) == 12 ? 0 : 1); /* it does not come to that */
    }
    check(waitpid(child, &status, 0), "waitpid");
    if (WIFSIGNALED(status))
        printf("%-38s killed by SIG%s\n", "  again in a child, SIGPIPE as it is",
               sigabbrev_np(WTERMSIG(status)));
    close(us);
}

int
main(int argc, char **argv)
{
    parse_args(argc, argv, NULL, "");
    to_a_peer_that_does_not_read();
    to_a_peer_that_has_closed();
    return 0;
}
