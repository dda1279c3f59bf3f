/*
 * proactor-aio.c - somebody else reads and writes, and says so by a signal; workers think
 *
 * Shows:  a request to read or write is handed over with its buffer, and a signal says that it is
 *         done. The main thread picks a worker, which thinks, and hands the next request over.
 *         Threads of glibc's read, one for each request that waits; without one, a peer starves.
 * Run:    build/06-proactor/proactor-aio -p 8000
 *         build/06-proactor/proactor-aio -p 8000 -P http -d book -t 1000
 * Watch:  ls /proc/PID/task | wc -l, while peers come and say nothing; strace -f: who calls read()?
 * Breaks: bad-aio-in-handler.c; after ulimit -i 0, no signal can be queued, and nobody is served.
 * Book:   06-proactor, "The Proactor, literally"
 */
#include "workers.h"

#include <aio.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

/* Belongs to glibc while its request is under way, then to the worker that has taken it. */
struct peer {
    struct connection connection;
    struct aiocb request; /* one at a time */
    /* EPOLLIN: to read, EPOLLOUT: to write. Atomic, because nothing else orders what one worker
     * leaves here before what the next one finds: POSIX does not say that aio_read() does. */
    _Atomic uint32_t step;
};

/* ---- the workers' side ---- */

/* From here on it is glibc's, unless glibc cannot take it: then it is ended. */
static void
submit(struct peer *p, uint32_t step)
{
    struct connection *c = &p->connection;
    bool reads = step == EPOLLIN;

    p->request = (struct aiocb){
        .aio_fildes = c->fd,
        .aio_buf = reads ? buffer_space(&c->in) : buffer_bytes(&c->out),
        .aio_nbytes = reads ? buffer_room(&c->in) : buffer_length(&c->out),
        .aio_sigevent = {.sigev_notify = SIGEV_SIGNAL,
                         .sigev_signo = SIGRTMIN,
                         .sigev_value.sival_ptr = p},
    };
    p->step = step;
    if ((reads ? aio_read(&p->request) : aio_write(&p->request)) == -1)
        connection_end(c);
}

/* Never two requests at once: a write would stand in line behind a waiting read. */
static void *
work(void *unused)
{
    struct peer *p;

    while ((p = queue_take(requests))) {
        bool has_read = p->step == EPOLLIN;
        uint32_t next;

        complete(&p->connection, has_read, aio_return(&p->request));
        if (worth_a_thought(&p->connection, has_read))
            think(&p->connection);
        next = next_step(&p->connection);
        next ? submit(p, next) : connection_end(&p->connection);
    }
    return unused;
}

/* ---- the main thread's side ---- */

static void
begin(int fd)
{
    struct peer *p = connection_new(fd, sizeof *p);

    if (!p)
        return;
    check(fcntl(fd, F_SETFL, 0), "fcntl"); /* it may block: it is a thread of glibc's that waits */
    submit(p, EPOLLIN);
}

static void
hand_over(const siginfo_t *signal)
{
    if (signal->si_code == SI_ASYNCIO)
        queue_put(requests, signal->si_value.sival_ptr);
}

static sigset_t completion; /* SIGRTMIN: each has its place in a queue; SIGUSR1 would be one bit */

static void
take_signals(void)
{
    siginfo_t signal;

    while (sigtimedwait(&completion, &signal, &(struct timespec){0}) != -1)
        hand_over(&signal);
}

/* A descriptor that is readable when there is such a signal: blocked, it waits to be taken. */
static int
watch_signals(void)
{
    sigemptyset(&completion);
    sigaddset(&completion, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &completion, NULL); /* here, and in every thread from now on */
    return check(signalfd(-1, &completion, 0), "signalfd");
}

/* Until nobody is left; once the listener has ended, only as long as something happens. */
static void
wait_and_hand_over(int listener, int signals)
{
    struct pollfd list[] = {{listener, POLLIN, 0}, {signals, POLLIN, 0}, {over, POLLIN, 0}};
    int ready;

    while (!list[2].revents && (ready = poll(list, 3, list[0].fd == -1 ? 1200 : -1)) != 0) {
        if (ready == -1)
            continue; /* EINTR */
        if (list[1].revents)
            take_signals();
        if (list[0].revents && !welcome(listener, begin))
            list[0].fd = -1; /* poll() passes over it */
    }
}

int
main(int argc, char **argv)
{
    const char *most = "20", *ends = NULL;
    const struct own_option own[] = {
        {'t', "THREADS", "of glibc, at most (20)", &most},
        {'e', NULL, "one of them that has nothing to do ends at once, not after a second", &ends},
        {0}};
    pthread_t threads[MOST_WORKERS];
    int listener = set_up(argc, argv, own), signals = watch_signals();
    struct aioinit init = {.aio_threads = (int)parse_number(most, 1, 30000, "THREADS"),
                           .aio_idle_time = ends ? -1 : 1};

    aio_init(&init); /* has to come before the first request */
    start_workers(threads, work);
    announce(listener);
    wait_and_hand_over(listener, signals);
    end_workers(threads);
    tell_counts();
    return 0;
}
