/*
 * 2-arm-again.c - plays the peer, and the other workers, at the worst moments
 *
 * usage: arm-again SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was done and what was expected.
 *
 * A worker asks epoll_wait() without waiting, and if it is told of the peer it calls serve(). The
 * epoll_ctl() below is the one that the functions meet: when it has armed the peer again, another
 * worker can be there before it returns, as could happen at any time.
 *
 * And what is freed is gone: its pages can no longer be touched, so to do so shows at once.
 */
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct peer;
struct peer *begin(int epoll, int fd);
void serve(struct peer *p);
void heard(int number, const char *line, size_t len);

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* as gcc says it */
#define SANITIZED
#elif defined __has_feature /* and clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

enum { MOST_TOLD = 100, BACK_SECONDS = 3 };

static int epoll, ours, theirs;
static const char *const *lines; /* that are to be heard, in this order */
static const int *numbers;       /* of these lines, if they are not 1, 2, 3 and so on */
static int heard_so_far, told;
static const char *const *meanwhile; /* what comes while each of them is being heard; or NULL */
static bool pries;                   /* asks meanwhile whether another worker would be told */
static bool cannot;                  /* be watched */
static bool others_are_quick;        /* another worker is there as soon as it is armed again */

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    fflush(stdout);
    _exit(1); /* some may be in serve() still */
}

/* ---- memory: what is freed is gone ---- */

#ifndef SANITIZED
enum { PAGE = 4096 };

static atomic_int live; /* pieces that have not been freed */

/* Each piece has pages of its own, behind one that says how long it is; 0: it has been freed. */
static size_t *
length_of(void *memory)
{
    return (size_t *)(void *)((char *)memory - PAGE);
}

void *
malloc(size_t size)
{
    size_t length = (size / PAGE + 1) * PAGE;
    char *at = MAP_FAILED;

    if (size < SIZE_MAX / 2)
        at = mmap(NULL, PAGE + length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    live++;
    *length_of(at + PAGE) = length;
    return at + PAGE;
}

void *
calloc(size_t count, size_t size)
{
    return malloc(size > 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

void
free(void *memory)
{
    size_t *length = memory ? length_of(memory) : NULL;

    if (!memory)
        return;
    if (*length == 0)
        wrong("what a peer has is freed once", "it is freed twice");
    mprotect(memory, *length, PROT_NONE);
    *length = 0;
    live--;
}

void *
realloc(void *memory, size_t size)
{
    void *other = malloc(size);
    size_t had = memory ? *length_of(memory) : 0;

    if (other && memory) {
        memcpy(other, memory, had < size ? had : size);
        free(memory);
    }
    return other;
}

static void
touched(int signal_number, siginfo_t *about, void *unused)
{
    static const char text[] = "expected: who has given a peer back, or ended it, leaves it alone\n"
                               "got: its memory was touched, and another one had freed that\n";

    (void)unused;
    if (about->si_code == SEGV_ACCERR && write(1, text, sizeof text - 1) != -1)
        _exit(1);
    signal(signal_number, SIG_DFL); /* another mistake: the same again, and the end */
}

static void
watch_memory(void)
{
    struct sigaction action = {.sa_sigaction = touched, .sa_flags = SA_SIGINFO};

    check(sigaction(SIGSEGV, &action, NULL), "sigaction");
}
#else
static int live; /* the sanitizer sees more than we do */

static void
watch_memory(void)
{
}
#endif

static void
did(const char *what)
{
    printf("did: %s\n", what);
    fflush(stdout);
}

static void
say(const char *bytes)
{
    char text[100] = "", *to = text;

    for (const char *from = bytes; *from && to < text + 90; from++)
        to += sprintf(to, *from == '\n' ? "\\n" : "%c", *from);
    printf("did: the peer sent \"%s\"%s\n", text,
           heard_so_far && meanwhile ? ", while the line before was being heard" : "");
    fflush(stdout);
    if (write_all(theirs, bytes, strlen(bytes)) != IO_DATA)
        wrong("it is served as long as it has not ended", "its descriptor has been closed");
}

/* ---- the workers ---- */

static bool
is_told(struct epoll_event *event)
{
    return check(epoll_wait(epoll, event, 1, 0), "epoll_wait") == 1;
}

/* False: nobody is told of anything. */
static bool
worker(void)
{
    struct epoll_event event;

    if (!is_told(&event))
        return false;
    if (++told > MOST_TOLD)
        wrong("what has been read is told no more", "a worker is told again and again");
    serve(event.data.ptr);
    return true;
}

static void *
another_worker(void *unused)
{
    worker();
    return unused;
}

static void
another_is_quick(void)
{
    struct timespec until;
    pthread_t other;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BACK_SECONDS;
    errno = pthread_create(&other, NULL, another_worker, NULL);
    if (errno)
        fail("pthread_create", NULL);
    if (pthread_timedjoin_np(other, NULL, &until) != 0)
        wrong("who is told of the peer can serve it", "it waits for whoever has armed it");
}

/* ---- what the functions meet ---- */

void
heard(int number, const char *line, size_t len)
{
    char expected[200], got[200];
    struct epoll_event event;

    snprintf(expected, sizeof expected, "heard: %d, \"%s\"",
             numbers ? numbers[heard_so_far] : heard_so_far + 1,
             lines[heard_so_far] ? lines[heard_so_far] : "(nothing more)");
    snprintf(got, sizeof got, "heard: %d, \"%.*s\"", number, (int)len, line);
    if (strcmp(expected, got) != 0)
        wrong(expected, got);
    printf("did: %s\n", got);
    fflush(stdout);
    heard_so_far++;
    if (meanwhile && *meanwhile)
        say(*meanwhile++);
    if (pries && is_told(&event))
        wrong("nobody else is told of the peer while it is being served",
              "another worker has been told of it while a line was being heard");
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);

int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    int result = (int)syscall(SYS_epoll_ctl, epfd, op, fd, event), error = errno;
    char got[100];

    if (result == -1 && !cannot) {
        snprintf(got, sizeof got, "it fails with %s", errno_name(error));
        wrong("epoll_ctl() succeeds", got);
    }
    if (op != EPOLL_CTL_DEL && others_are_quick)
        another_is_quick();
    errno = error;
    return result;
}

/* ---- the plays ---- */

static void
come(const char *const *to_be_heard)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    ours = ends[0];
    theirs = ends[1];
    set_nonblocking(ours);
    if (!epoll)
        epoll = check(epoll_create1(0), "epoll_create1");
    lines = to_be_heard;
}

static void
meet(const char *const *to_be_heard)
{
    come(to_be_heard);
    if (!begin(epoll, ours))
        wrong("begin() returns a peer", "NULL");
}

/* The workers work until none is told of anything; now `count` lines have been heard. */
static void
all_heard(int count)
{
    char expected[100], got[100], byte;

    while (worker())
        ;
    if (heard_so_far == count)
        return;
    snprintf(expected, sizeof expected, "by then %d lines have been heard", count);
    snprintf(got, sizeof got, "%d; %s", heard_so_far,
             recv(ours, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0
                 ? "bytes of the peer wait to be read, and no worker is told of them"
                 : "no worker is told of anything");
    wrong(expected, got);
}

static void
end_comes(void)
{
    did("the peer ended");
    check(shutdown(theirs, SHUT_WR), "shutdown");
    while (worker())
        ;
    if (fcntl(ours, F_GETFD) != -1)
        wrong("the descriptor is closed", "it is open, and no worker is told of anything");
}

static const char *const words[] = {"one", "two", "three", "four", "five", NULL};

static void
play_whole(void)
{
    meet(words);
    say("one\n");
    all_heard(1);
}

static void
play_three_at_once(void)
{
    meet(words);
    say("one\ntwo\nthree\n");
    all_heard(3);
}

static void
play_end(void)
{
    meet(words);
    end_comes();
}

static void
play_alone(void)
{
    static const char *const more[] = {"two\n", "three\n", NULL};

    meanwhile = more;
    pries = true;
    meet(words);
    say("one\n");
    while (worker())
        ;
}

static void
play_one_by_one(void)
{
    meet(words);
    say("one\n");
    all_heard(1);
    say("two\n");
    all_heard(2);
    say("three\n");
    all_heard(3);
    end_comes();
}

static void
play_meanwhile(void)
{
    static const char *const more[] = {"two\n", "three\n", NULL};

    meanwhile = more;
    meet(words);
    say("one\n");
    all_heard(3);
}

static void
play_half(void)
{
    meet(words);
    say("o");
    all_heard(0);
    say("ne\ntw");
    all_heard(1);
    say("o");
    all_heard(1);
    say("\nth");
    all_heard(2);
    end_comes();
}

static void
play_in_vain(void)
{
    struct epoll_event event;
    char byte;

    meet(words);
    say("x");
    if (!is_told(&event) || recv(ours, &byte, 1, 0) != 1)
        wrong("a worker is told of the peer", "no worker is told of anything");
    did("a worker was told of it; but when it called serve() there was nothing left to read");
    serve(event.data.ptr);
    say("one\n");
    all_heard(1);
}

static void
play_quicker(void)
{
    static const char *const more[] = {"o\nthr", "ee\n", NULL};

    did("(when epoll_ctl() has armed it, and there is something, another worker serves it at "
        "once)");
    others_are_quick = true;
    meanwhile = more;
    meet(words);
    say("one\ntw");
    all_heard(3);
    meanwhile = NULL;
    say("four\nfi");
    all_heard(4);
    say("ve\n");
    end_comes();
    all_heard(5);
}

/* What it has to say is there before it is watched; and so is its end. */
static void
play_at_once(void)
{
    did("(when epoll_ctl() has armed it, and there is something, another worker serves it at "
        "once)");
    others_are_quick = true;
    come(words);
    say("one\ntwo\n");
    did("the peer ended");
    check(shutdown(theirs, SHUT_WR), "shutdown");
    did("begin()");
    begin(epoll, ours);
    while (worker())
        ;
    all_heard(2);
    if (fcntl(ours, F_GETFD) != -1)
        wrong("the descriptor is closed", "it is open, and no worker is told of anything");
}

/* Two peers, by turns: each has lines of its own. */
static void
play_two(void)
{
    static const char *const of_both[] = {"one", "two", "three", "four", NULL};
    static const int places[] = {1, 1, 2, 2, 3};
    static const struct {
        int peer;
        const char *says;
        int heard;
    } turns[] = {{0, "o", 0},   {1, "tw", 0},      {0, "ne\n", 1},
                 {1, "o\n", 2}, {0, "three\n", 3}, {1, "four\n", 4}};
    int ends[2];

    numbers = places;
    for (int i = 0; i < 2; i++) {
        meet(of_both);
        ends[i] = theirs;
    }
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        did(turns[i].peer == 0 ? "(the first peer)" : "(the second peer)");
        theirs = ends[turns[i].peer];
        say(turns[i].says);
        all_heard(turns[i].heard);
    }
}

/* No epoll instance takes what is always ready: EPERM. */
static void
play_cannot(void)
{
    int before, file;

    did("begin(), with a descriptor that cannot be watched");
    epoll = check(epoll_create1(0), "epoll_create1");
    file = check(open("/dev/null", O_RDONLY), "open");
    before = live;
    cannot = true;
    if (begin(epoll, file))
        wrong("NULL", "a peer");
    if (live != before)
        wrong("what it had is freed", "it is not");
}

static void
play_reset(void)
{
    int before;

    did("begin()"); /* and stdout has its buffer */
    before = live;
    meet(words);
    did("the peer reset its connection");
    check((int)write(ours, "x", 1), "write");
    check(close(theirs), "close");
    while (worker())
        ;
    if (fcntl(ours, F_GETFD) != -1)
        wrong("the descriptor is closed", "it is open, and no worker is told of anything");
    if (live != before)
        wrong("what it had is freed", "it is not");
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"whole", play_whole},
    {"three-at-once", play_three_at_once},
    {"end", play_end},
    {"alone", play_alone},
    {"one-by-one", play_one_by_one},
    {"meanwhile", play_meanwhile},
    {"half", play_half},
    {"in-vain", play_in_vain},
    {"quicker", play_quicker},
    {"at-once", play_at_once},
    {"two", play_two},
    {"reset", play_reset},
    {"cannot", play_cannot},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: arm-again SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    watch_memory();
    signal(SIGPIPE, SIG_IGN); /* its descriptor may have been closed: say() tells */
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    fflush(stdout);
    _exit(0); /* what a play has left behind does not matter */
}
