/*
 * 2-pending-output.c - plays the kernel, the loop and the other end for a peer
 *
 * usage: pending-output SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was called and what was expected.
 *
 * epoll and the socket are real. But read(), write() and epoll_ctl() are those below: they watch
 * what comes by, and write() takes as much as the scenario says.
 */
#include "error.h"
#include "io.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct peer;
struct peer *peer_new(int epoll, int fd);
bool peer_ready(struct peer *p);
void peer_end(struct peer *p);

enum {
    ROOM = 4096,
    MOST_CALLS = 6,
    MANY = 1000000,
    REAL = 0,
    TOLD_FOR_NOTHING = 3,
    MOST_TURNS = 20,
    PEERS = 100
};

static int epoll = -1, ours = -1, theirs = -1; /* theirs is nonblocking, too */
static struct peer *peer;
static uint32_t interest; /* as the kernel was told */
static bool over, quiet;  /* peer_ready() has said false; calls are not shown */
static bool refused;      /* write() has said EAGAIN in this turn */
static bool has_read;     /* read() has given something in this turn */
static bool interrupts;   /* the next read() is interrupted by a signal */
static bool once;         /* what is played is about how often it reads */
static int answers[MOST_CALLS], calls, changes, closed;
static size_t said;  /* bytes: sent by the other end, */
static size_t got;   /* read by the peer's side, */
static size_t taken; /* written by it, */
static size_t heard; /* come at the other end */
static const char *hint = "what the starter does right must stay right";
static char text[3][80];

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

/* For what does not depend on what is played. */
static _Noreturn void
wrong_because(const char *why, const char *expected, const char *came)
{
    printf("expected: %s\ngot: %s\nhint: %s\n", expected, came, why);
    exit(1);
}

static _Noreturn void
wrong(const char *expected, const char *came)
{
    wrong_because(hint, expected, came);
}

static const char *
interest_text(uint32_t events, int which)
{
    snprintf(text[which], sizeof text[which], "%s%s%s", events & EPOLLIN ? "EPOLLIN" : "",
             (events & (EPOLLIN | EPOLLOUT)) == (EPOLLIN | EPOLLOUT) ? " | " : "",
             events & EPOLLOUT               ? "EPOLLOUT"
             : events & (EPOLLIN | EPOLLOUT) ? ""
                                             : "nothing");
    return text[which];
}

/* ---- the kernel ---- */

static ssize_t
take(int fd, const void *from, size_t n)
{
    int answer = calls < MOST_CALLS ? answers[calls] : REAL, error;
    ssize_t result;

    if (fd != ours)
        return syscall(SYS_write, fd, from, n);
    calls++;
    if (refused)
        wrong_because("who tries again until it works holds up all the others",
                      "after EAGAIN it returns, and goes on when it is told",
                      "write() again, at once");
    if (answer < 0) {
        errno = -answer;
        result = -1;
    } else {
        result =
            syscall(SYS_write, fd, from, answer > 0 && (size_t)answer < n ? (size_t)answer : n);
    }
    error = errno;
    if (!quiet)
        did("  write(fd, \"%.*s\"%s, %zu) = %zd%s%s", n < 10 ? (int)n : 10, (const char *)from,
            n > 10 ? "…" : "", n, result, result < 0 ? " " : "",
            result < 0 ? errno_name(error) : "");
    taken += result > 0 ? (size_t)result : 0;
    refused = result == -1 && error == EAGAIN;
    if (taken > got)
        wrong_because(
            "what write() returns is how many bytes were taken: the others are still owed",
            "each byte is written once", "more bytes are written than were read");
    errno = error;
    return result;
}

static ssize_t
give(int fd, void *to, size_t n)
{
    bool signal = fd == ours && interrupts;
    ssize_t result = signal ? -1 : syscall(SYS_read, fd, to, n);
    int error = signal ? EINTR : errno;

    if (fd != ours)
        return result;
    if (!quiet)
        did("  read(fd, …, %zu) = %zd%s%s", n, result, result < 0 ? " " : "",
            result < 0 ? errno_name(error) : "");
    if (once && has_read)
        wrong("one read(); the loop tells of what is left", "another one, in the same turn");
    interrupts = false;
    has_read = has_read || result > 0;
    got += result > 0 ? (size_t)result : 0;
    errno = error;
    return result;
}

ssize_t
write(int fd, const void *from, size_t n)
{
    return take(fd, from, n);
}

ssize_t
send(int fd, const void *from, size_t n, int flags)
{
    (void)flags; /* it is nonblocking, and SIGPIPE is ignored */
    return take(fd, from, n);
}

ssize_t
read(int fd, void *to, size_t n)
{
    return give(fd, to, n);
}

ssize_t
recv(int fd, void *to, size_t n, int flags)
{
    if (flags & MSG_PEEK)
        return syscall(SYS_recvfrom, fd, to, n, flags, NULL, NULL);
    return give(fd, to, n);
}

int
epoll_ctl(int list, int op, int fd, struct epoll_event *event)
{
    int result = (int)syscall(SYS_epoll_ctl, list, op, fd, event);

    if (fd != ours || result == -1)
        return result;
    interest = op == EPOLL_CTL_DEL ? 0 : event->events;
    if (op == EPOLL_CTL_ADD)
        return result;
    changes++;
    if (!quiet)
        did("  epoll_ctl(): watched for %s", interest_text(interest, 0));
    return result;
}

int
close(int fd)
{
    closed += fd == ours;
    return (int)syscall(SYS_close, fd);
}

/* ---- the loop, and the other end ---- */

static void
begin(void)
{
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), "socketpair");
    ours = pair[0];
    theirs = pair[1];
    epoll = check(epoll_create1(0), "epoll_create1");
    peer = peer_new(epoll, ours);
    if (!peer)
        wrong("a peer", "NULL");
    over = false;
    said = got = taken = heard = 0;
    closed = 0;
}

static void
end(void)
{
    peer_end(peer);
    if (closed != 1)
        wrong_because("what the starter does right must stay right",
                      "peer_end() closes the descriptor, once",
                      closed ? "more than once" : "it is open");
    close(theirs);
    close(epoll);
}

/* The next calls of write() take this many bytes, or fail; then it is the kernel's again. */
static void
write_answers(int first, int second, int third, int fourth)
{
    calls = 0;
    answers[0] = first;
    answers[1] = second;
    answers[2] = third;
    answers[3] = fourth;
}

static void
says(const char *bytes)
{
    size_t len = strlen(bytes);

    did("the other end sends %s", bytes);
    if (syscall(SYS_write, theirs, bytes, len) != (long)len)
        exit(2);
    said += len;
}

/* One turn of the loop. False: nothing is ready, so it would sleep. */
static bool
turn(void)
{
    struct epoll_event event;
    int n = check(epoll_wait(epoll, &event, 1, 0), "epoll_wait");

    if (n == 0)
        return false;
    if (event.data.ptr != peer)
        wrong("in epoll's data the peer, as the starter has it", "something else");
    if (!quiet)
        did("epoll_wait() tells of it; peer_ready()");
    refused = has_read = false;
    over = !peer_ready(peer);
    return true;
}

static void
turn_must_come(const char *why)
{
    if (!turn())
        wrong(why, "epoll_wait() sleeps");
}

static void
goes_on(bool on)
{
    if (over == on)
        wrong(on ? "peer_ready() is true: it goes on" : "peer_ready() is false: it is over",
              on ? "false" : "true");
}

static size_t
owed(void)
{
    return got - taken;
}

/* Turns until it has got all that was said, and nothing is owed. */
static void
run(void)
{
    char expected[100], came[100];

    for (int i = 0; !over && (got < said || owed() > 0); i++) {
        if (owed() > 0)
            snprintf(expected, sizeof expected,
                     "it is told that it can be written: %zu bytes are owed", owed());
        else
            snprintf(expected, sizeof expected, "it is told that it can be read");
        snprintf(came, sizeof came, "%d turns, and it is watched for %s", i,
                 interest_text(interest, 0));
        if (i == MOST_TURNS)
            wrong(expected, came);
        turn_must_come(expected);
    }
}

/* These bytes have come at the other end, all in all, and no more. */
static void
has_come(const char *bytes)
{
    static char all[100];
    char came[120];
    ssize_t n = syscall(SYS_read, theirs, all + heard, sizeof all - 1 - heard);

    heard += n > 0 ? (size_t)n : 0;
    all[heard] = '\0';
    snprintf(came, sizeof came, "\"%s\"", all);
    if (strcmp(all, bytes) != 0) {
        snprintf(text[0], sizeof text[0], "at the other end: \"%s\"", bytes);
        wrong(text[0], came);
    }
}

/* What to think of, if it is watched for other things than it should be. */
static const char *
hint_on(uint32_t should)
{
    uint32_t missing = should & ~interest, needless = interest & ~should;

    if (needless & EPOLLOUT)
        return "a socket can nearly always be written: who asks for that always never sleeps";
    if (missing & EPOLLOUT)
        return "what is owed can go when there is room again: ask to be told of that";
    if (needless & EPOLLIN)
        return "what is told and cannot be done is told again, at once; so do not ask for it";
    return "what may come is only told to who asks for it";
}

static void
is_watched_for(uint32_t events, const char *why)
{
    char expected[200], came[100];

    if (interest == events)
        return;
    snprintf(expected, sizeof expected, "watched for %s: %s", interest_text(events, 0), why);
    snprintf(came, sizeof came, "watched for %s", interest_text(interest, 1));
    wrong_because(hint_on(events), expected, came);
}

/* Nothing has come, and nothing is owed. */
static void
sleeps(void)
{
    is_watched_for(EPOLLIN, "nothing is owed");
    quiet = true;
    if (turn())
        wrong("nothing is to be done: epoll_wait() sleeps", "it still tells of the peer");
}

/* ---- the plays ---- */

static void
play_whole(void)
{
    begin();
    says("one ");
    turn_must_come("it is told that it can be read");
    goes_on(true);
    has_come("one ");
    says("two ");
    turn_must_come("it is told that it can be read");
    goes_on(true);
    has_come("one two ");
    end();
}

static void
play_the_end(void)
{
    begin();
    says("hello");
    turn_must_come("it is told that it can be read");
    goes_on(true);
    did("the other end sends no more");
    shutdown(theirs, SHUT_WR);
    turn_must_come("it is told that it can be read: the end");
    goes_on(false);
    has_come("hello");
    end();
}

static void
play_broken(int error)
{
    begin();
    did("the connection breaks: write() will say %s", errno_name(error));
    write_answers(-error, -error, -error, -error);
    says("hello");
    turn_must_come("it is told that it can be read");
    goes_on(false);
    end();
}

static void
play_broken_both(void)
{
    play_broken(EPIPE);
    play_broken(ECONNRESET);
}

static void
play_short(void)
{
    hint = "what write() returns is how many bytes were taken: the others are still owed";
    begin();
    did("write() will take 3 bytes, none, 4, none, then all");
    write_answers(3, -EAGAIN, 4, -EAGAIN);
    says("0123456789");
    run();
    goes_on(true);
    has_come("0123456789");
    end();
}

static void
play_more_comes(void)
{
    hint = "what comes later goes behind what is still owed";
    begin();
    did("write() will take 3 bytes, none, 2, none, then all");
    write_answers(3, -EAGAIN, 2, -EAGAIN);
    says("0123");
    turn_must_come("it is told that it can be read");
    says("4567");
    turn_must_come("it is told that it can be written, and read");
    says("89");
    run();
    goes_on(true);
    has_come("0123456789");
    end();
}

static void
play_nothing(void)
{
    hint = "-1 is not always the end: EAGAIN says that nothing was taken, and no more than that";
    begin();
    did("write() will take nothing (EAGAIN), and once more nothing");
    write_answers(-EAGAIN, -EAGAIN, REAL, REAL);
    says("hello");
    run();
    goes_on(true);
    has_come("hello");
    end();
}

static void
play_signal(void)
{
    hint = "-1 is not always the end: EINTR says that nothing was done, and no more than that";
    begin();
    did("read() will be interrupted (EINTR)");
    interrupts = true;
    did("write() will be interrupted (EINTR), take 2 bytes, be interrupted again");
    write_answers(-EINTR, 2, -EINTR, REAL);
    says("hello");
    run();
    goes_on(true);
    has_come("hello");
    end();
}

static void
play_interest(void)
{
    hint = "what has not changed needs no call; set_interest() sees to that";
    begin();
    says("hello");
    run();
    is_watched_for(EPOLLIN, "nothing is owed");
    if (changes > 0)
        wrong("no call of epoll_ctl(): what is of interest has not changed", "some, see above");
    did("write() will take 3 bytes, none, 4, none, then all");
    write_answers(3, -EAGAIN, 4, -EAGAIN);
    says("0123456789");
    for (int i = 0; i < 20 && turn(); i++) {
        if (owed() > 0)
            is_watched_for(EPOLLIN | EPOLLOUT, "something is owed, and there is room for more");
        else
            is_watched_for(EPOLLIN, "nothing is owed any more");
    }
    if (owed() > 0)
        wrong("it is told that it can be written: something is owed", "epoll_wait() sleeps");
    sleeps();
    end();
}

/* The other end sends these bytes, or as many of them as its socket takes. */
static size_t
sends(const char *bytes, size_t len)
{
    long n = syscall(SYS_write, theirs, bytes, len);

    said += n > 0 ? (size_t)n : 0;
    return n > 0 ? (size_t)n : 0;
}

static void
play_full(void)
{
    static char bytes[2 * ROOM + 100], came[sizeof bytes + 1];
    size_t n = 0;
    long some;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    hint = "as much is read as there is room for; the rest waits in the kernel";
    begin();
    did("the other end sends %zu bytes; write() says EAGAIN, again and again", sizeof bytes);
    if (sends(bytes, sizeof bytes) != sizeof bytes)
        exit(2);
    for (int i = 0; i < 4; i++) {
        write_answers(-EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN);
        turn_must_come("it is told that it can be read, or written");
        goes_on(true);
    }
    if (owed() != ROOM)
        wrong("as much is read as there is room for: 4096 bytes", "another number, see above");
    is_watched_for(EPOLLOUT, "there is no room for more");
    did("now write() takes what it is given");
    write_answers(REAL, REAL, REAL, REAL);
    run();
    goes_on(true);
    is_watched_for(EPOLLIN, "all is sent, and there is room again");
    while ((some = syscall(SYS_read, theirs, came + n, sizeof came - n)) > 0)
        n += (size_t)some;
    if (n != sizeof bytes || memcmp(came, bytes, n) != 0) {
        snprintf(text[0], sizeof text[0], "%zu bytes, not the same", n);
        wrong("all bytes come back, in order", text[0]);
    }
    end();
}

static void
play_last(void)
{
    hint = "read() said 0: nothing will come. What is owed has still to go";
    begin();
    did("write() will take 3 bytes, none, none, none, then all");
    write_answers(3, -EAGAIN, -EAGAIN, -EAGAIN);
    says("0123456789");
    did("the other end sends no more");
    shutdown(theirs, SHUT_WR);
    turn_must_come("it is told that it can be read");
    goes_on(true);
    turn_must_come("it is told of the end");
    goes_on(true);
    is_watched_for(EPOLLOUT, "7 bytes are owed, and nothing will come any more");
    run();
    goes_on(false);
    has_come("0123456789");
    end();
}

static void
play_late(void)
{
    hint =
        "a connection can break, whether its peer has ended or not; then nothing will go any more";
    begin();
    did("write() will take 3 bytes, none; then the connection is broken (EPIPE)");
    write_answers(3, -EAGAIN, -EPIPE, -EPIPE);
    answers[4] = answers[5] = -EPIPE;
    says("0123456789");
    did("the other end sends no more");
    shutdown(theirs, SHUT_WR);
    for (int i = 0; i < 4 && !over; i++)
        turn_must_come("it is told of the end, or that it can be written");
    goes_on(false);
    end();
}

static void
play_once(void)
{
    hint = "who reads until nothing is left is kept by one who sends without end";
    once = true;
    begin();
    says("hello");
    turn_must_come("it is told that it can be read");
    goes_on(true);
    has_come("hello");
    end();
}

static size_t
memory(void)
{
    struct mallinfo2 now = mallinfo2(); /* 0 under a sanitizer; but that finds leaks by itself */

    return now.uordblks + now.hblkhd;
}

static void
play_end(void)
{
    size_t before = 0, after;

    did("%d peers, one after the other; each is owed 7 bytes when it is ended", PEERS);
    quiet = true;
    for (int i = -1; i < PEERS; i++) {
        if (i == 0)
            before = memory();
        begin();
        write_answers(3, -EAGAIN, -EAGAIN, -EAGAIN);
        if (syscall(SYS_write, theirs, "0123456789", 10) != 10)
            exit(2);
        turn_must_come("it is told that it can be read");
        end();
    }
    after = memory();
    snprintf(text[0], sizeof text[0], "%zu bytes more than before", after - before);
    if (after > before + PEERS * sizeof(void *))
        wrong("peer_end() gives the peer's memory back", text[0]);
}

/* Through a socket with little room, to one that reads 5,000 bytes each time the loop sleeps. */
static void
play_many(void)
{
    static char bytes[MANY], some[5000];
    size_t sent = 0, came = 0, before;
    int in_vain = 0, little = 4096;
    long n;

    for (size_t i = 0; i < MANY; i++)
        bytes[i] = (char)(i * 31 >> 3);
    hint = "the kernel itself takes a part, or nothing; make the others pass first";
    begin();
    quiet = true;
    check(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &little, sizeof little), "setsockopt");
    did("a million bytes; the other end reads 5000 of them each time the loop sleeps");
    while (came < MANY) {
        sent += sends(bytes + sent, MANY - sent);
        before = got + taken;
        if (turn()) {
            goes_on(true);
            in_vain = got + taken == before ? in_vain + 1 : 0;
            if (in_vain > TOLD_FOR_NOTHING) {
                is_watched_for(owed() == 0     ? EPOLLIN
                               : owed() < ROOM ? EPOLLIN | EPOLLOUT
                                               : EPOLLOUT,
                               "else it is told again and again, and nothing moves");
                wrong("who is told can do something", "told again and again, and nothing moves");
            }
            continue;
        }
        n = syscall(SYS_read, theirs, some, sizeof some);
        if (n <= 0)
            wrong("all comes back", "it sleeps, and some is missing");
        if (memcmp(some, bytes + came, (size_t)n) != 0)
            wrong("every byte comes back, once and in order", "others, or another order");
        came += (size_t)n;
    }
    run();
    is_watched_for(EPOLLIN, "nothing is owed any more");
    end();
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"whole", play_whole},
    {"the-end", play_the_end},
    {"broken", play_broken_both},
    {"short", play_short},
    {"nothing", play_nothing},
    {"signal", play_signal},
    {"more-comes", play_more_comes},
    {"interest", play_interest},
    {"full", play_full},
    {"last", play_last},
    {"late", play_late},
    {"once", play_once},
    {"end", play_end},
    {"many", play_many},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: pending-output SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
