/*
 * mine.c - a crew that keeps a log: workers that share one epoll instance, one for each peer
 *
 * Shows:  the other two units do not know of it: a talk belongs to one worker at a time, from the
 *         event that tells of its peer until the peer is armed again.
 * Run:    build/mine -P http -d ../../book -p 8000 -w 4 -l access.log
 * Book:   10-webbench, "Measuring honestly"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "log.h"
#include "logic-log.h"
#include "net.h"
#include "units.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WORKERS = 64 };

/* The listener, which has no talk, or a peer. */
struct source {
    int fd;
    struct talk *talk;
    struct buffer in, out;
    bool ended;        /* it has sent its last byte */
    bool over;         /* the talk is; what is in `out` has still to go */
    bool leaving;      /* all has gone, and we have ended our side */
    size_t awaits;     /* what its time is for: see talk_awaits() */
    atomic_bool late;  /* main has said so */
    struct list *list; /* in which its time runs, or NULL; the next three are its place there */
    int64_t until;     /* then it is late */
    struct source *earlier, *later;
};

static const char *protocol = "echo";
static long think_ms;
static int epoll, over;
static atomic_int watched; /* sources */

/* ---- who may be late ---- */

/*
 * Those whose time runs, in the order in which it will be over: in one list all have the same time.
 * A worker puts its peer there; main only looks at the clock, and shuts the socket down when its
 * time is over. So the peer's worker, whichever that is by then, is told of it, and does the rest.
 */
struct list {
    struct source *first, *last;
    int64_t patience;
};

static struct list asking;                                /* to come to the end of a request */
static struct list leaving = {.patience = NS_PER_SECOND}; /* to end its side, as we have */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the lists, and what is in them */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool all_gone;

/* The caller holds the lock. */
static void
leave_list(struct source *s)
{
    if (!s->list)
        return;
    *(s->earlier ? &s->earlier->later : &s->list->first) = s->later;
    *(s->later ? &s->later->earlier : &s->list->last) = s->earlier;
    s->list = NULL;
}

/* Its time begins anew; NULL: it has no end. */
static void
enter_list(struct source *s, struct list *list)
{
    pthread_mutex_lock(&lock);
    leave_list(s);
    if (list) {
        s->until = now_ns() + list->patience;
        s->list = list;
        s->earlier = list->last;
        s->later = NULL;
        *(list->last ? &list->last->later : &list->first) = s;
        list->last = s;
        if (list->first == s)
            pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
}

static struct source *
earliest(void)
{
    struct source *a = leaving.first, *b = asking.first;

    return !a || (b && b->until < a->until) ? b : a;
}

static void
watch_the_late(void)
{
    struct source *s;

    pthread_mutex_lock(&lock);
    while (!all_gone) {
        s = earliest();
        if (!s) {
            pthread_cond_wait(&changed, &lock);
        } else if (now_ns() < s->until) {
            struct timespec until = {s->until / NS_PER_SECOND, s->until % NS_PER_SECOND};

            (void)pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &until);
        } else {
            s->late = true; /* first; and not close(): its worker may be at it */
            shutdown(s->fd, s->list == &leaving ? SHUT_RDWR : SHUT_RD);
            leave_list(s);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* ---- sources ---- */

static void
end(struct source *s)
{
    pthread_mutex_lock(&lock);
    leave_list(s);
    close(s->fd); /* nobody is told of it, and main does not know it any more */
    all_gone = --watched == 0;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (!s->talk)
        return;
    talk_end(s->talk);
    buffer_close(&s->in);
    buffer_close(&s->out);
    free(s);
}

/* Has it watched again. From then on it may be another worker's. */
static void
arm(struct source *s, int op, uint32_t interest)
{
    struct epoll_event event = {.events = interest | EPOLLONESHOT, .data.ptr = s};

    if (epoll_ctl(epoll, op, s->fd, &event) == -1)
        end(s);
}

static void
begin(int fd)
{
    struct source *s = calloc(1, sizeof *s);

    set_nonblocking(fd);
    if (s && (s->talk = talk_begin(protocol)) && buffer_open(&s->in, IN_ROOM) &&
        buffer_open(&s->out, OUT_ROOM)) {
        s->fd = fd;
        watched++;
        arm(s, EPOLL_CTL_ADD, EPOLLIN);
        return;
    }
    close(fd); /* there is no memory for this one */
    if (s && s->talk)
        talk_end(s->talk);
    if (s)
        buffer_close(&s->in);
    free(s);
}

/* Without a descriptor accept_peer() sleeps for 10 ms, and we are told again of what waits. */
static void
welcome(struct source *s)
{
    enum io_result result;
    int fd;

    while ((result = accept_peer(s->fd, &fd)) == IO_DATA)
        begin(fd);
    if (result == IO_END) /* the program is to stop */
        end(s);
    else
        arm(s, EPOLL_CTL_MOD, EPOLLIN);
}

/* To close a socket with unread bytes resets it, and the peer may lose the last answer. So we end
 * our side, and read, and throw away what we read, until it ends its own: for a second. */
static void
take_leave(struct source *s)
{
    shutdown(s->fd, SHUT_WR);
    if (s->ended) {
        end(s);
        return;
    }
    s->leaving = true;
    enter_list(s, &leaving);
    arm(s, EPOLL_CTL_MOD, EPOLLIN);
}

static void
listen_no_more(struct source *s)
{
    char nowhere[4096];
    enum io_result result = io_result(read(s->fd, nowhere, sizeof nowhere));

    if (result == IO_END || result == IO_FAILED)
        end(s);
    else
        arm(s, EPOLL_CTL_MOD, EPOLLIN);
}

/* Goes on as far as `in` and `out` allow. */
static void
talk(struct source *s)
{
    if (!s->over)
        s->over = !talk_on(s->talk, &s->in, &s->out, s->ended);
}

/* To speak, if there is room for what it says; to take what it is owed. */
static uint32_t
interest(const struct source *s)
{
    bool may_speak = !s->ended && !s->over && buffer_room(&s->in) > 0;

    return (buffer_length(&s->out) > 0 ? EPOLLOUT : 0u) | (may_speak ? EPOLLIN : 0u);
}

/* Its time begins when it has begun something, and ends when that is done. */
static void
note_time(struct source *s)
{
    size_t awaits = s->over ? 0 : talk_awaits(s->talk);

    if (awaits == s->awaits)
        return;
    s->awaits = awaits;
    enter_list(s, awaits ? &asking : NULL);
}

/* Reads once, thinks, writes once, and waits for nobody. */
static void
serve(struct source *s, uint32_t events)
{
    enum io_result received = IO_NOT_YET;

    if (events & ~(uint32_t)EPOLLOUT && !s->ended)
        received = buffer_read(&s->in, s->fd);
    if (received == IO_DATA && think_ms > 0)
        sleep_ms(think_ms);
    s->ended = s->ended || (received == IO_END && !s->late); /* else it was main that ended it */
    talk(s);
    if (s->late && !s->over) {
        talk_late(s->talk, &s->out);
        s->over = true;
    }
    if (received == IO_FAILED || buffer_write(&s->out, s->fd) == IO_FAILED) {
        end(s);
        return;
    }
    talk(s); /* there may be room for more now */
    note_time(s);
    if (s->over && buffer_length(&s->out) == 0)
        take_leave(s);
    else
        arm(s, EPOLL_CTL_MOD, interest(s));
}

/* ---- workers ---- */

static void *
work(void *unused)
{
    struct epoll_event event;

    for (;;) {
        int ready = epoll_wait(epoll, &event, 1, -1);
        struct source *s = event.data.ptr;

        if (ready == -1 && errno == EINTR)
            continue;
        check(ready, "epoll_wait");
        if (!s)
            return unused; /* it is over */
        if (!s->talk)
            welcome(s);
        else if (s->leaving)
            listen_no_more(s);
        else
            serve(s, event.events);
    }
}

/* All of them are told of it, again and again: by the level, and nobody reads it. */
static void
watch_for_the_end(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    over = check(eventfd(0, EFD_NONBLOCK), "eventfd");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, over, &event), "epoll_ctl");
}

int
main(int argc, char **argv)
{
    const char *directory = ".", *workers = "4", *think = "0", *ms = "10000", *log = NULL;
    const struct own_option own[] = {
        {'P', "PROTOCOL", "echo or http (echo)", &protocol},
        {'d', "DIRECTORY", "what http serves (.)", &directory},
        {'w', "WORKERS", "how many threads work (4)", &workers},
        {'s', "MS", "how long one thinks about what it has read (0)", &think},
        {'t', "MS", "how long a head may take (10000)", &ms},
        {'l', "FILE", "what http answers is appended to it (nowhere)", &log},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    int count = (int)parse_number(workers, 1, MOST_WORKERS, "WORKERS");
    struct source listening = {0};
    pthread_t threads[MOST_WORKERS];

    think_ms = parse_number(think, 0, 10000, "MS");
    asking.patience = parse_number(ms, 1, 1000000, "MS") * NS_PER_MS;
    if (strcmp(protocol, "echo") != 0 && strcmp(protocol, "http") != 0) {
        fprintf(stderr, "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY] "
                        "[-w WORKERS] [-s MS] [-t MS] [-l FILE]\n");
        return 2;
    }
    if (strcmp(protocol, "http") == 0)
        storage_begin(directory);
    if (log) {
        log_begin(log);
        tell_answer = log_answer;
    }
    listening.fd = tcp_listen(args.address, args.port);
    set_nonblocking(listening.fd);
    epoll = check(epoll_create1(0), "epoll_create1");
    watch_for_the_end();
    stop_on_signals(listening.fd);
    watched = 1;
    arm(&listening, EPOLL_CTL_ADD, EPOLLIN);
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&threads[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    announce(listening.fd);
    watch_the_late(); /* told to stop, the listener and every peer come to their end */
    check(eventfd_write(over, 1), "eventfd_write");
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
