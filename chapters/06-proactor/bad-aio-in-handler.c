/*
 * bad-aio-in-handler.c - the Proactor as it is usually told: the signal's handler picks a worker
 *
 * Shows:  a handler runs in any thread, at any point. In the middle of queue_take() it calls
 *         queue_put(), which waits for a lock that this very thread holds, or, in
 *         pthread_cond_signal(), for this very thread to wake up. Then all wait for it.
 * Run:    build/06-proactor/bad-aio-in-handler -p 8000
 * Watch:  a load of 20 clients (one alone never shows it): after a few dozen messages nobody is
 *         answered any more, and SIGTERM is of no use. gdb -p PID, thread apply all bt: who waits
 *         for whom?
 * Twin:   proactor-aio.c
 * Book:   06-proactor, "What goes wrong"
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

static void
on_completion(int number, siginfo_t *signal, void *context)
{
    (void)number;
    (void)context;
    hand_over(signal);
}

/* A descriptor that is readable when there is such a signal: blocked, it waits to be taken. */
static int
watch_signals(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = on_completion};
    check(sigaction(SIGRTMIN, &action, NULL), "sigaction");
    return -1; /* there is nothing to poll */
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
