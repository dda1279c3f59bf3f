/*
 * model-aio.c - I/O model 5: somebody else waits, and copies, and says when it is done
 *
 * Shows:  aio_read() is given descriptor, buffer, length and the way to be notified, and returns
 *         at once. The notification says that the bytes are in our buffer. With -n suspend we
 *         sleep until then: asynchronous, and blocking all the same.
 * Run:    build/02-io-models/model-aio                       notified by a signal
 *         build/02-io-models/model-aio -n thread             by a thread made for it
 *         build/02-io-models/model-aio -n suspend            aio_suspend() waits for it
 * Watch:  hardly a byte is copied by this thread: threads of glibc do that, with read(). We
 *         take the last byte of each message ourselves, to learn when it arrived.
 * Breaks: bad-aio-buffer-reuse.c
 * Book:   02-io-models, "Asynchronous"
 */
#include "task.h"

#include <aio.h>

static struct aiocb request[PEERS]; /* not to be touched until it is done */
static const char *way = "signal";
static _Atomic bool notified[PEERS];

static void
on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    notified[info->si_value.sival_int] = true;
}

static void
in_a_thread(union sigval value)
{
    notified[value.sival_int] = true;
}

static void
submit(int peer)
{
    request[peer] = (struct aiocb){
        .aio_fildes = task.fd[peer],
        .aio_buf = task.buf[peer], /* not to be touched until it is done */
        .aio_nbytes = MESSAGE - 1,
        .aio_offset = 0,  /* a socket has no positions */
        .aio_reqprio = 0, /* not less urgent than we are */
        .aio_sigevent = {.sigev_notify = strcmp(way, "signal") == 0   ? SIGEV_SIGNAL
                                         : strcmp(way, "thread") == 0 ? SIGEV_THREAD
                                                                      : SIGEV_NONE,
                         .sigev_signo = SIGRTMIN,
                         .sigev_value.sival_int = peer},
    };
    if (strcmp(way, "thread") == 0)
        request[peer].aio_sigevent.sigev_notify_function = in_a_thread;
    check(aio_read(&request[peer]), "aio_read");
}

/* The request is done: what has it brought? And the next one. */
static void
complete(int peer)
{
    ssize_t n = aio_return(&request[peer]); /* as read() would have said it; once only */

    if (n != MESSAGE - 1)
        fail("aio_read", "the peer ended within a message");
    task.got[peer] = (size_t)n;
    receive(peer, 1);
    if (task.missing[peer] > 0)
        submit(peer);
}

static void
wait_for_some(void)
{
    const struct aiocb *list[PEERS];
    int64_t start;
    int n;

    for (int peer = 0; peer < PEERS; peer++)
        list[peer] = task.missing[peer] > 0 ? &request[peer] : NULL;
    start = now_ns();
    n = aio_suspend(list, PEERS, NULL);
    watch_record(0, "aio_suspend", true, start, now_ns()); /* TRACE does not see it by itself */
    if (n == -1)
        return; /* EINTR */
    for (int peer = 0; peer < PEERS; peer++)
        notified[peer] = list[peer] && aio_error(list[peer]) != EINPROGRESS;
}

int
main(int argc, char **argv)
{
    const struct own_option own[] = {
        {'n', "WAY", "of notification: signal (unless given), thread, suspend", &way}, {0}};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    char name[32];

    begin_task(argc, argv, own);
    if (strcmp(way, "signal") != 0 && strcmp(way, "thread") != 0 && strcmp(way, "suspend") != 0) {
        fprintf(stderr, "model-aio: WAY must be signal, thread or suspend\n");
        return 2;
    }
    check(sigaction(SIGRTMIN, &action, NULL), "sigaction");
    for (int peer = 0; peer < PEERS; peer++)
        submit(peer);
    while (messages_missing()) {
        strcmp(way, "suspend") == 0 ? wait_for_some() : other_work();
        for (int peer = 0; peer < PEERS; peer++)
            if (atomic_exchange(&notified[peer], false))
                complete(peer);
    }
    task.calls = 0; /* we cannot count those that glibc makes for us: strace -f -c can */
    snprintf(name, sizeof name, "AIO %s", way);
    return end_task(name);
}
