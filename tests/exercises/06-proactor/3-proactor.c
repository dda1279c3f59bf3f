/*
 * 3-proactor.c - plays the peers, and the owners of the operations, for a Proactor
 *
 * usage: proactor SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was called and what was expected.
 *
 * read() and write() are those below: they note who calls, and write() takes as much as the
 * scenario says. No clock decides: when every thread sleeps, nothing will happen any more.
 */
#include "../../../exercises/06-proactor/3-proactor/proactor.h"
#include "clock.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PEERS = 200, /* at most this many requests are under way */
    SOME = 41,
    MOST_FD = 500,
    ROUNDS = 20,
    MUCH = 1000000,
    OLD = 8,        /* at most this many threads were there before */
    QUIET_MS = 300, /* of sleep, in which nobody wakes up */
    AWHILE = 20,    /* looks, one each millisecond, at who sleeps */
    BUSY_MS = 300   /* of CPU, while there is nothing to do */
};

static struct peer {
    struct operation op;
    int ours, theirs;
    void (*act)(struct peer *);  /* what is done when it is told; the scenario's */
    void (*then)(struct peer *); /* and what when it has been told */
    atomic_long result;
    atomic_int told, by; /* how many times; by which thread */
    char buf[64];
} peers[PEERS];

static struct proactor *proactor;
static pthread_t running;
static atomic_int runner, returned; /* the thread in proactor_run(); has it returned? */
static bool stopping;
static int before;      /* threads, when there was no Proactor yet */
static pid_t old[OLD];  /* and which those were; a sanitizer has one, too */
static int open_before; /* descriptors */
static sem_t held;      /* whoever is told waits for this */

static struct {
    atomic_int reads, writes, by_others; /* calls for this descriptor; those not by the runner */
} calls[MOST_FD];
static int takes[4], taking; /* what write() takes in its next calls; 0: all */

static void
did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("did: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
}

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list arguments;

    printf("expected: %s\ngot: ", expected);
    va_start(arguments, format);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    _exit(1);
}

/* ---- the kernel ---- */

static void
note(int fd, atomic_int *count)
{
    ++*count;
    calls[fd].by_others += gettid() != runner;
}

static bool
is_ours(int fd)
{
    for (int i = 0; i < PEERS; i++)
        if (peers[i].ours == fd && fd > 0)
            return true;
    return false;
}

static ssize_t
give(int fd, void *to, size_t n)
{
    if (is_ours(fd))
        note(fd, &calls[fd].reads);
    return syscall(SYS_read, fd, to, n);
}

static ssize_t
take(int fd, const void *from, size_t n)
{
    int most;

    if (!is_ours(fd))
        return syscall(SYS_write, fd, from, n);
    note(fd, &calls[fd].writes);
    most = taking < 4 ? takes[taking++] : 0;
    if (most < 0) {
        errno = -most;
        return -1;
    }
    return syscall(SYS_write, fd, from, most > 0 && (size_t)most < n ? (size_t)most : n);
}

ssize_t
read(int fd, void *to, size_t n)
{
    return give(fd, to, n);
}

ssize_t
recv(int fd, void *to, size_t n, int flags)
{
    (void)flags;
    return give(fd, to, n);
}

ssize_t
write(int fd, const void *from, size_t n)
{
    return take(fd, from, n);
}

ssize_t
send(int fd, const void *from, size_t n, int flags)
{
    (void)flags; /* SIGPIPE is ignored */
    return take(fd, from, n);
}

/* ---- does anybody do anything? ---- */

static bool
sleeps(const char *thread)
{
    char name[300], stat[400], *state;
    FILE *file;
    size_t n;

    snprintf(name, sizeof name, "/proc/self/task/%s/stat", thread);
    file = fopen(name, "r");
    if (!file) /* it has just ended */
        return false;
    n = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[n] = '\0';
    state = strrchr(stat, ')');
    return state && state[2] == 'S';
}

/* How many threads there are; and how many of them, but for this one, do not sleep. */
static int
look(int *awake)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;

    if (!tasks)
        fail("opendir", "/proc/self/task");
    *awake = 0;
    while ((entry = readdir(tasks)))
        if (entry->d_name[0] != '.') {
            n++;
            *awake += atoi(entry->d_name) != gettid() && !sleeps(entry->d_name);
        }
    closedir(tasks);
    return n;
}

static int64_t
cpu_ns(clockid_t clock)
{
    struct timespec t;

    check(clock_gettime(clock, &t), "clock_gettime");
    return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

/* What the other threads have used. */
static int64_t
cpu_of_others(void)
{
    return cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Waits until `*value` is at least `enough`, or nobody does anything any more; then false. A thread
 * that is at work all the time, and gets nowhere, is no better. A value of NULL is never enough.
 */
static bool
becomes(const atomic_int *value, int enough)
{
    int threads = 0, quiet = 0, awake;
    int64_t used = cpu_of_others();

    while (quiet < AWHILE) {
        int now;

        if (value && *value >= enough)
            return true;
        if (returned && !stopping)
            wrong("proactor_run() goes on until proactor_stop()", "it has returned");
        now = look(&awake);
        quiet = awake > 0 || now != threads ? 0 : quiet + 1;
        threads = now;
        if (cpu_of_others() - used > BUSY_MS * NS_PER_MS)
            wrong("who has nothing to do sleeps", "they are at work all the time");
        sleep_ms(1);
    }
    return value && *value >= enough;
}

static int
settle(void)
{
    int awake;

    becomes(NULL, 0);
    return look(&awake);
}

/* What is in a folder of /proc. */
static int
count_of(const char *folder, pid_t numbers[], int most)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    int n = 0;

    if (!entries)
        fail("opendir", folder);
    while ((entry = readdir(entries)))
        if (entry->d_name[0] != '.' && n++ < most)
            numbers[n - 1] = atoi(entry->d_name);
    closedir(entries);
    return n;
}

/* How often the Proactor's threads have gone to sleep. */
static long
times_asleep(void)
{
    pid_t threads[MOST_FD];
    int count = count_of("/proc/self/task", threads, MOST_FD);
    long sum = 0, times;

    for (int i = 0; i < count && i < MOST_FD; i++) {
        char text[200];
        bool is_old = false;
        FILE *file;

        for (int k = 0; k < before && k < OLD; k++)
            is_old |= threads[i] == old[k];
        snprintf(text, sizeof text, "/proc/self/task/%d/status", threads[i]);
        file = is_old ? NULL : fopen(text, "r");
        while (file && fgets(text, sizeof text, file))
            if (sscanf(text, "voluntary_ctxt_switches: %ld", &times) == 1)
                sum += times;
        if (file)
            fclose(file);
    }
    return sum;
}

/* All sleep already; and nobody wakes up to look. */
static void
nobody_looks(void)
{
    long then = times_asleep(), now;

    sleep_ms(QUIET_MS);
    now = times_asleep();
    if (now > then)
        wrong("who has nothing to do sleeps until there is something",
              "in %d ms they have woken up %ld times", QUIET_MS, now - then);
}

/* ---- peers and owners ---- */

static void
done(struct operation *o, ssize_t result)
{
    struct peer *p = (struct peer *)o; /* op is its first member */

    p->by = gettid();
    p->result = result;
    if (p->act)
        p->act(p);
    p->told++;
    if (p->then)
        p->then(p);
}

static void
hold(struct peer *p)
{
    (void)p;
    while (sem_wait(&held) == -1 && errno == EINTR)
        ;
}

static void
says(struct peer *p, const char *bytes)
{
    did("peer %d says %s", (int)(p - peers), bytes);
    if (syscall(SYS_write, p->theirs, bytes, strlen(bytes)) != (long)strlen(bytes))
        fail("write", NULL);
}

static void
ask(struct peer *p)
{
    memset(p->buf, 0, sizeof p->buf);
    proactor_read(proactor, &p->op, p->ours, p->buf, sizeof p->buf);
}

static void
asks_to_read(struct peer *p)
{
    did("proactor_read() from peer %d", (int)(p - peers));
    ask(p);
}

static void
is_told(struct peer *p, int times, ssize_t result)
{
    if (!becomes(&p->told, times))
        wrong("done is called", "all threads sleep, and it has not been called");
    if (p->result != result) {
        char text[40];

        snprintf(text, sizeof text, "result = %zd", result);
        wrong(text, "result = %ld", p->result);
    }
}

static void
has_read(struct peer *p, int times, const char *bytes)
{
    is_told(p, times, (ssize_t)strlen(bytes));
    if (memcmp(p->buf, bytes, strlen(bytes)) != 0)
        wrong("what it has said is in the buffer", "other bytes: %.64s", p->buf);
}

static void
is_told_no_more(struct peer *p, int times)
{
    settle();
    if (p->told > times)
        wrong("done is called once for each request", "it has been called once more");
}

/* A sanitizer makes a thread of its own, with our first one. */
static void *
nothing(void *unused)
{
    return unused;
}

static void *
run(void *unused)
{
    runner = gettid();
    proactor_run(proactor);
    returned = 1;
    return unused;
}

static void
set_up(int workers)
{
    pthread_t first;

    errno = pthread_create(&first, NULL, nothing, NULL);
    if (errno)
        fail("pthread_create", NULL);
    pthread_join(first, NULL);
    before = settle();
    signal(SIGPIPE, SIG_IGN);
    sem_init(&held, 0, 0);
    count_of("/proc/self/task", old, OLD);
    open_before = count_of("/proc/self/fd", NULL, 0);
    did("proactor_open(%d)", workers);
    proactor = proactor_open(workers);
    for (int i = 0; i < PEERS; i++) {
        int pair[2];

        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), "socketpair");
        peers[i] = (struct peer){.op.done = done, .ours = pair[0], .theirs = pair[1]};
    }
}

static void
start(void)
{
    did("proactor_run(), in a thread of its own");
    errno = pthread_create(&running, NULL, run, NULL);
    if (errno)
        fail("pthread_create", NULL);
    settle();
}

static void
begin(int workers)
{
    set_up(workers);
    start();
}

/* When it has returned there are no threads of its own any more. */
static void
returns(void)
{
    int threads;

    if (!becomes(&returned, 1))
        wrong("after proactor_stop(), proactor_run() returns", "all threads sleep");
    pthread_join(running, NULL);
    threads = settle();
    if (threads > before)
        wrong("when proactor_run() has returned, its workers have ended", "%d threads are left",
              threads - before);
}

static void
stop(void)
{
    did("proactor_stop()");
    stopping = true;
    proactor_stop(proactor);
}

static void
end(void)
{
    stop();
    returns();
    proactor_free(proactor);
    for (int i = 0; i < PEERS; i++) {
        close(peers[i].ours);
        close(peers[i].theirs);
    }
}

/* ---- the plays ---- */

static void
play_read(void)
{
    set_up(2);
    asks_to_read(&peers[0]);
    start();
    says(&peers[0], "hello");
    has_read(&peers[0], 1, "hello");
    says(&peers[1], "good morning");
    asks_to_read(&peers[1]);
    has_read(&peers[1], 1, "good morning");
    end();
}

static void
play_write(void)
{
    char got[10] = "";

    begin(2);
    did("proactor_write() of \"answer\"");
    proactor_write(proactor, &peers[0].op, peers[0].ours, "answer", 6);
    is_told(&peers[0], 1, 6);
    if (syscall(SYS_read, peers[0].theirs, got, 9) != 6 || strcmp(got, "answer") != 0)
        wrong("the peer has got \"answer\"", "\"%s\"", got);
    end();
}

static void
play_results(void)
{
    begin(2);
    did("peer 0 has ended");
    shutdown(peers[0].theirs, SHUT_WR);
    asks_to_read(&peers[0]);
    is_told(&peers[0], 1, 0);
    did("peer 1 is gone, and has not read all: ECONNRESET is %d", ECONNRESET);
    syscall(SYS_write, peers[1].ours, "a", 1);
    close(peers[1].theirs);
    asks_to_read(&peers[1]);
    is_told(&peers[1], 1, -ECONNRESET);
    did("peer 2 is gone: EPIPE is %d; proactor_write()", EPIPE);
    close(peers[2].theirs);
    proactor_write(proactor, &peers[2].op, peers[2].ours, "answer", 6);
    is_told(&peers[2], 1, -EPIPE);
    peers[1].theirs = peers[2].theirs = -1;
    end();
}

static void
play_silent(void)
{
    int threads;

    begin(2);
    did("proactor_read() from peers 0 to %d", SOME - 1);
    for (int i = 0; i < SOME; i++)
        ask(&peers[i]);
    threads = settle() - before - 1;
    nobody_looks();
    says(&peers[SOME - 1], "hello");
    has_read(&peers[SOME - 1], 1, "hello");
    if (threads > 8)
        wrong("two workers, and no thread for each peer", "%d threads", threads);
    end();
}

static void
play_short(void)
{
    char got[40] = "";

    begin(2);
    did("write() will take 3 bytes, be interrupted, take 4, then the rest; proactor_write()");
    takes[0] = 3;
    takes[1] = -EINTR;
    takes[2] = 4;
    proactor_write(proactor, &peers[0].op, peers[0].ours, "0123456789", 10);
    is_told(&peers[0], 1, 10);
    is_told_no_more(&peers[0], 1);
    syscall(SYS_read, peers[0].theirs, got, sizeof got - 1);
    if (strcmp(got, "0123456789") != 0)
        wrong("each byte is written once, in order", "%s", got);
    end();
}

static void
play_full(void)
{
    static char much[MUCH], got[MUCH];
    size_t n = 0;

    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)(i * 31 >> 3);
    begin(2);
    did("proactor_write() of a million bytes, to a peer who does not read yet");
    proactor_write(proactor, &peers[0].op, peers[0].ours, much, MUCH);
    settle();
    if (peers[0].told > 0)
        wrong("it is told when all is written", "result = %ld, and the peer has not read",
              peers[0].result);
    asks_to_read(&peers[1]);
    says(&peers[1], "hello");
    has_read(&peers[1], 1, "hello");
    did("peer 0 reads");
    while (n < MUCH) {
        ssize_t some = syscall(SYS_read, peers[0].theirs, got + n, MUCH - n);

        if (some <= 0) {
            settle();
            some = syscall(SYS_read, peers[0].theirs, got + n, MUCH - n);
        }
        if (some <= 0)
            wrong("all of it is written", "%zu bytes, and all threads sleep", n);
        n += (size_t)some;
    }
    is_told(&peers[0], 1, MUCH);
    if (memcmp(got, much, MUCH) != 0)
        wrong("each byte is written once, in order", "others, or another order");
    end();
}

/* An echo: what has been read is written, and then it is read again. */
static void
echo(struct peer *p)
{
    if (p->told % 2 == 1)
        proactor_write(proactor, &p->op, p->ours, p->buf, (size_t)p->result);
    else
        proactor_read(proactor, &p->op, p->ours, p->buf, sizeof p->buf);
}

static void
play_who(void)
{
    struct peer *p = &peers[0];

    begin(2);
    did("who is told of a read writes the same bytes, and then reads again");
    p->then = echo;
    asks_to_read(p);
    for (int i = 0; i < 3; i++) {
        says(p, "hello");
        is_told(p, 2 * i + 2, 5);
        if (p->by == runner)
            wrong("a worker calls done", "the thread that is in proactor_run()");
        if (p->by == gettid())
            wrong("a worker calls done", "the thread that has asked");
        if (calls[p->ours].by_others > 0)
            wrong("read() and write() are called in proactor_run()", "by another thread");
    }
    end();
}

static void
play_thinks(void)
{
    struct peer *one = &peers[0], *two = &peers[1], *three = &peers[2];

    begin(2);
    one->act = two->act = hold;
    asks_to_read(one);
    asks_to_read(two);
    asks_to_read(three);
    did("who is told of peer 0 thinks for a long time");
    says(one, "slow");
    settle();
    says(three, "fast");
    has_read(three, 1, "fast");
    asks_to_read(three);
    did("who is told of peer 1 does, too: both workers are busy");
    says(two, "slow");
    settle();
    says(three, "once more");
    if (!becomes(&calls[three->ours].reads, 2))
        wrong("it is read meanwhile", "all threads sleep, and it has not been read");
    did("and so do %d others", PEERS - 3);
    for (int i = 3; i < PEERS; i++) {
        ask(&peers[i]);
        syscall(SYS_write, peers[i].theirs, "hello", 5);
    }
    for (int i = 3; i < PEERS; i++)
        if (!becomes(&calls[peers[i].ours].reads, 1))
            wrong("all are read meanwhile", "all threads sleep, and %d have been read", i - 3);
    sem_post(&held);
    did("one of them is free again");
    has_read(three, 2, "once more");
    sem_post(&held);
    end();
}

static void
play_once(void)
{
    begin(2);
    asks_to_read(&peers[0]);
    says(&peers[0], "hello");
    has_read(&peers[0], 1, "hello");
    if (calls[peers[0].ours].reads != 1)
        wrong("to read is done with one call, when there is something", "%d calls of read()",
              calls[peers[0].ours].reads);
    says(&peers[0], "more");
    is_told_no_more(&peers[0], 1);
    did("nobody has asked for that yet");
    asks_to_read(&peers[0]);
    has_read(&peers[0], 2, "more");
    did("the peer is gone, and nobody has asked");
    close(peers[0].theirs);
    peers[0].theirs = -1;
    is_told_no_more(&peers[0], 2);
    end();
}

/* The memory is somebody else's from now on. */
static void
overwrite(struct peer *p)
{
    memset(&p->op, 0x55, sizeof p->op);
}

static void
play_gone(void)
{
    begin(2);
    did("who is told overwrites its operation");
    for (int i = 0; i < 10; i++) {
        peers[i].act = overwrite;
        asks_to_read(&peers[i]);
    }
    for (int i = 0; i < 10; i++)
        says(&peers[i], "hello");
    for (int i = 0; i < 10; i++)
        has_read(&peers[i], 1, "hello");
    settle();
    for (int i = 0; i < 10; i++)
        for (size_t b = 0; b < sizeof peers[i].op; b++)
            if (((unsigned char *)&peers[i].op)[b] != 0x55)
                wrong("it is left alone from then on", "somebody has written into it");
    end();
}

static void
play_many(void)
{
    begin(4);
    did("%d peers, who are echoed by 4 workers, %d times each", SOME, ROUNDS);
    for (int i = 0; i < SOME; i++) {
        peers[i].then = echo;
        ask(&peers[i]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        char said[20], got[20];
        int len = snprintf(said, sizeof said, "%d hello", round);

        for (int i = 0; i < SOME; i++)
            syscall(SYS_write, peers[i].theirs, said, len);
        for (int i = 0; i < SOME; i++) {
            is_told(&peers[i], 2 * round + 2, len);
            if (syscall(SYS_read, peers[i].theirs, got, sizeof got) != len ||
                memcmp(got, said, (size_t)len) != 0)
                wrong("each gets back what it has said", "peer %d does not", i);
        }
    }
    end();
}

static sem_t own[2]; /* for peers 0 and 1: whoever is told waits for this */

static void
hold_by_itself(struct peer *p)
{
    while (sem_wait(&own[p - peers]) == -1 && errno == EINTR)
        ;
}

/* Both workers are in done; the older one is let go first, or the younger one. */
static void
stop_while_both_think(bool older_first)
{
    begin(2);
    for (int i = 0; i < 3; i++)
        asks_to_read(&peers[i]);
    for (int i = 0; i < 2; i++) {
        sem_init(&own[i], 0, 0);
        peers[i].act = hold_by_itself;
        says(&peers[i], "hello");
    }
    settle();
    did("who is told of them thinks for a long time");
    stop();
    for (int i = 0; i < 2; i++) {
        settle();
        if (returned)
            wrong("proactor_run() waits until every done has returned",
                  "it has returned, and %d of 2 has not", 2 - i);
        did("one of them has thought");
        sem_post(&own[((peers[0].by < peers[1].by) == older_first) == (i == 0) ? 0 : 1]);
    }
    returns();
    says(&peers[2], "hello");
    settle();
    if (peers[2].told > 0)
        wrong("after proactor_run() has returned nobody is told", "done has been called");
    proactor_free(proactor);
}

static void
play_stop(void)
{
    stop_while_both_think(true);
}

static void
play_stop_other(void)
{
    stop_while_both_think(false);
}

static void
stop_it(struct peer *p)
{
    (void)p;
    proactor_stop(proactor);
}

static void
play_stop_within(void)
{
    int now_open;

    begin(1);
    did("who is told calls proactor_stop()");
    peers[0].act = stop_it;
    asks_to_read(&peers[0]);
    stopping = true;
    says(&peers[0], "hello");
    returns();
    proactor_free(proactor);
    did("proactor_free()");
    now_open = count_of("/proc/self/fd", NULL, 0) - 2 * PEERS;
    if (now_open > open_before)
        wrong("it closes what proactor_open() has opened", "descriptors left open: %d",
              now_open - open_before);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"read", play_read},
    {"write", play_write},
    {"results", play_results},
    {"silent", play_silent},
    {"short", play_short},
    {"full", play_full},
    {"who", play_who},
    {"thinks", play_thinks},
    {"once", play_once},
    {"gone", play_gone},
    {"many", play_many},
    {"stop", play_stop},
    {"stop-other", play_stop_other},
    {"stop-within", play_stop_within},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: proactor SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
