/*
 * model-sigio.c - I/O model 4: a signal says that the data is there
 *
 * Shows:  asynchronous in phase one: the program works, and asks nobody. Synchronous in phase
 *         two: the handler, which runs in the midst of that work, does the copying itself.
 * Run:    build/02-io-models/model-sigio
 *         (ulimit -i 0; build/02-io-models/model-sigio)      no room for queued signals
 * Watch:  hardly a call in vain, no sleep, and other work all the time.
 * Breaks: bad-sigio-one-read.c, bad-printf-in-handler.c
 * Book:   02-io-models, "Signal-driven"
 */
#include "task.h"

#include <fcntl.h>

/*
 * The signal is sent when data comes, not while it lies there: what is left is never
 * mentioned again. So read until EAGAIN.
 */
static void
receive_all(int peer)
{
    while (receive(peer, MESSAGE) > 0)
        ;
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;

    (void)context;
    if (signal == SIGIO) /* the queue was full: some are ready, and nobody knows which */
        for (int peer = 0; peer < PEERS; peer++)
            receive_all(peer);
    else if (peer_of(info->si_fd) != -1)
        receive_all(peer_of(info->si_fd));
    errno = saved_errno;
}

/* From now on SIGRTMIN is sent to us, with the descriptor in it, when there is news. */
static void
ask_for_signals(int fd)
{
    check(fcntl(fd, F_SETSIG, SIGRTMIN), "fcntl(F_SETSIG)");
    check(fcntl(fd, F_SETOWN, getpid()), "fcntl(F_SETOWN)");
    check(fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC), "fcntl(F_SETFL)");
}

int
main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

    begin_task(argc, argv, NULL);
    sigaddset(&action.sa_mask, SIGRTMIN); /* one handler at a time */
    sigaddset(&action.sa_mask, SIGIO);
    check(sigaction(SIGRTMIN, &action, NULL), "sigaction");
    check(sigaction(SIGIO, &action, NULL), "sigaction");
    for (int peer = 0; peer < PEERS; peer++)
        ask_for_signals(task.fd[peer]);
    raise(SIGIO); /* what came before we had asked has not been mentioned */
    while (messages_missing())
        other_work();
    return end_task("SIGIO");
}
