/*
 * task.h - the one task that every model of this chapter is given, and the row it ends in
 *
 * Three peers, A, B and C, each send three messages of 192 KiB. One message goes out every
 * 20 ms, in the order C B A C B A C B A. The program is to receive all nine; other work is
 * waiting, too, and it does as much of it as its model leaves it time for. A child process
 * plays the peers.
 *
 * SO_RCVLOWAT makes a socket ready when a whole message is there, so that one message is one
 * readiness in every model; see socket(7). (Only a call that does not wait takes less.)
 * SO_TIMESTAMPNS tells when the last packet of what was read had reached the kernel: that
 * moment is the border between the two phases.
 *
 * Phase one, until the data is there: from the end of the previous message to that moment.
 * Phase two, until the data is ours: from then on, or from the end of the previous message
 * if that was later. The way from the kernel to the program, its wake-up, is a part of it.
 */
#pragma once

#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 3, ROUNDS = 3, MESSAGES = PEERS * ROUNDS, MESSAGE = 192 * 1024 };

struct task {
    const char *model;
    int fd[PEERS]; /* our ends of the connections */
    char buf[PEERS][MESSAGE];
    size_t got[PEERS];  /* how much of its current message */
    int missing[PEERS]; /* how many messages are still to come from it */
    _Atomic int came;   /* messages; also written in signal handlers */
    char order[MESSAGES + 1];
    int64_t since;     /* when the previous message was ours; CLOCK_REALTIME, like the kernel's */
    int64_t phase_one; /* of all messages */
    int64_t phase_two[MESSAGES];
    int64_t late;  /* the longest that a message lay in the kernel */
    size_t copied; /* bytes, by calls of our own */
    long work, calls, in_vain;
    struct rusage cpu; /* at the start: of the process; and how often this thread has slept */
    long slept;
    const char *pause_ms, *patience_s, *row_only;
    pid_t peers;
};

static struct task task = {.pause_ms = "20", .patience_s = "5"};
static volatile sig_atomic_t out_of_patience;

/* Around a system call that belongs to the model: counts it. */
#define counted(call) (task.calls++, (call))

static inline int64_t
ns_of(const struct timespec *t)
{
    return t->tv_sec * NS_PER_SECOND + t->tv_nsec;
}

static inline int64_t
wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return ns_of(&t);
}

/* ---- the peers ---- */

/* Sends the messages, and ends when the program has closed its connections. */
static _Noreturn void
play_peers(const int *fd)
{
    static char message[MESSAGE];
    long pause_ms = parse_number(task.pause_ms, 0, 10000, "MS");
    char byte;

    program_invocation_short_name = (char[]){"peers"}; /* in traces and counts */
    prctl(PR_SET_NAME, "peers");
    for (int i = 0; i < PEERS; i++)
        watch_name_lane(i + 1, (char[]){"ABC"[i], '\0'});
    for (int i = 0; i < MESSAGES; i++) {
        int peer = PEERS - 1 - i % PEERS;
        int64_t start;

        sleep_ms(pause_ms);
        memset(message, '0' + i, sizeof message);
        start = now_ns();
        if (write_all(fd[peer], message, sizeof message) != IO_DATA)
            break; /* the program has given up */
        watch_record(peer + 1, "message", false, start, now_ns());
    }
    for (int i = 0; i < PEERS; i++)
        while (read(fd[i], &byte, 1) > 0)
            ;
    _exit(0);
}

/* Sets task.fd[] to the program's ends; the peers have the others. */
static inline void
connect_peers(void)
{
    int listener = tcp_listen("127.0.0.1", "0"), theirs[PEERS], whole = MESSAGE, on = 1;
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;

    check(getsockname(listener, (struct sockaddr *)&addr, &len), "getsockname");
    for (int i = 0; i < PEERS; i++) {
        theirs[i] = check(socket(addr.ss_family, SOCK_STREAM, 0), "socket");
        check(connect(theirs[i], (struct sockaddr *)&addr, len), "connect");
        task.fd[i] = check(accept(listener, NULL, NULL), "accept");
        check(setsockopt(task.fd[i], SOL_SOCKET, SO_RCVLOWAT, &whole, sizeof whole), "setsockopt");
        check(setsockopt(task.fd[i], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "setsockopt");
        task.missing[i] = ROUNDS;
    }
    close(listener);
    task.peers = check(fork(), "fork");
    for (int i = 0; i < PEERS; i++)
        close(task.peers == 0 ? task.fd[i] : theirs[i]);
    if (task.peers == 0)
        play_peers(theirs);
}

/* ---- what a model does ---- */

static inline void
lose_patience(int signal)
{
    (void)signal;
    out_of_patience = 1;
}

/* `own` are options of this program alone, ended by {0}; NULL: it has none. */
static inline void
begin_task(int argc, char **argv, const struct own_option *own)
{
    struct own_option options[8] = {
        {'t', "MS", "the pause before each message (20)", &task.pause_ms},
        {'d', "SECONDS", "gives up after so long (5)", &task.patience_s},
        {'r', NULL, "prints the row without its heading", &task.row_only}};
    struct sigaction action = {.sa_handler = lose_patience}; /* no SA_RESTART: calls end */
    struct itimerval timer = {.it_interval = {.tv_usec = 100000}};

    for (int i = 3; own && own->letter; i++)
        options[i] = *own++;
    parse_args(argc, argv, options, "");
    timer.it_value.tv_sec = parse_number(task.patience_s, 1, 1000, "SECONDS");
    connect_peers();
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &timer, NULL), "setitimer");
    getrusage(RUSAGE_THREAD, &task.cpu);
    task.slept = task.cpu.ru_nvcsw;
    getrusage(RUSAGE_SELF, &task.cpu);
    task.since = wall_ns();
}

/* Is there still a message to come? The model's loop ends if not, or after -d SECONDS. */
static inline bool
messages_missing(void)
{
    return task.came < MESSAGES && !out_of_patience;
}

/* Which of the peers has this descriptor; -1: none. */
static inline int
peer_of(int fd)
{
    for (int i = 0; i < PEERS; i++)
        if (task.fd[i] == fd)
            return i;
    return -1;
}

/* A little of something useful: about a microsecond. */
static inline void
other_work(void)
{
    static volatile uint64_t result;
    uint64_t x = result;

    for (int i = 0; i < 1000; i++)
        x = x * UINT64_C(6364136223846793005) + 1;
    result = x;
    task.work++;
}

/* The whole message of `peer` is ours; its last packet had reached the kernel at `arrival`. */
static inline void
has_come(int peer, int64_t arrival)
{
    int64_t now = wall_ns(), ready = arrival > task.since ? arrival : task.since;
    int n = task.came;

    task.phase_one += ready - task.since;
    task.phase_two[n] = now - ready;
    if (now - arrival > task.late)
        task.late = now - arrival;
    task.order[n] = (char)('A' + peer);
    task.since = now;
    task.got[peer] = 0;
    task.missing[peer]--;
    task.came = n + 1;
}

/*
 * Phase two: one recvmsg() of what is missing of the current message of `peer`, but `most`
 * bytes at most; returns what it has said. Only this call tells the time of arrival, or
 * else read() would do. May be called in a signal handler.
 */
static inline ssize_t
receive(int peer, size_t most)
{
    char control[CMSG_SPACE(sizeof(struct timespec))] = {0};
    size_t rest = MESSAGE - task.got[peer];
    struct iovec part = {task.buf[peer] + task.got[peer], rest < most ? rest : most};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = counted(recvmsg(task.fd[peer], &message, 0));

    if (n == -1 && errno == EAGAIN)
        task.in_vain++;
    if (n <= 0)
        return n;
    task.copied += (size_t)n;
    task.got[peer] += (size_t)n;
    if (task.got[peer] == MESSAGE) {
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        struct timespec stamp = {0};

        if (header && header->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
        has_come(peer, header ? ns_of(&stamp) : wall_ns());
    }
    return n;
}

/* ---- the row ---- */

static inline int
by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static inline int64_t
ns_of_cpu(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * NS_PER_SECOND +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static inline void
print_row(int64_t cpu_ns, long slept)
{
    char calls[24] = "     –"; /* made by libc, out of our sight: strace -f -c counts them */
    int64_t sorted[MESSAGES];

    memcpy(sorted, task.phase_two, sizeof sorted);
    qsort(sorted, (size_t)task.came, sizeof *sorted, by_size);
    if (task.calls > 0)
        snprintf(calls, sizeof calls, "%6ld", task.calls);
    if (!task.row_only)
        puts("              other phase  phase  late            in wake CPU  own\n"
             "model          work 1, ms  2, µs    ms  calls   vain -ups  ms  KiB order");
    printf("%-11s %7ld %5.0f %6.0f %5.1f %s %6ld %4ld %3.0f %4zu %s\n", task.model, task.work,
           (double)task.phase_one / NS_PER_MS, (double)sorted[task.came / 2] / 1000,
           (double)task.late / NS_PER_MS, calls, task.in_vain, slept, (double)cpu_ns / NS_PER_MS,
           task.copied / 1024, task.order);
}

/* Ends the peers and prints the row of `model`. Returns the exit status: were all received? */
static inline int
end_task(const char *model)
{
    struct rusage own, thread;

    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_THREAD, &thread);
    task.model = model;
    for (int i = 0; i < PEERS; i++)
        close(task.fd[i]);
    while (waitpid(task.peers, NULL, 0) == -1 && errno == EINTR)
        ;
    print_row(ns_of_cpu(&own) - ns_of_cpu(&task.cpu), thread.ru_nvcsw - task.slept);
    if (task.came == MESSAGES)
        return 0;
    fprintf(stderr, "%s: gave up: %d of %d messages have come\n", program_invocation_short_name,
            task.came, MESSAGES);
    return 1;
}
