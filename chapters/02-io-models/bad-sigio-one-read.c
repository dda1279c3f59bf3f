/*
 * bad-sigio-one-read.c - one signal, one read
 *
 * Shows:  the signal is sent when data comes, not as long as it lies there. What one read has
 *         left in the kernel is never mentioned again; and the peer waits for an answer.
 * Run:    build/02-io-models/bad-sigio-one-read -d 1
 * Watch:  how few of the nine messages are complete when it gives up. With messages that are
 *         shorter than its buffer nobody notices.
 * Twin:   model-sigio.c
 * Book:   02-io-models, "What goes wrong"
 */
#include "task.h"

#include <fcntl.h>

static void
receive_all(int peer)
{
    receive(peer, 16 * 1024); /* the signal has come: so there is something */
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
