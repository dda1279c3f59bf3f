/*
 * 2-half-close.c - plays the server for ask()
 *
 * usage: half-close SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was expected and what came.
 */
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum io_result ask(int server, const void *question, size_t len, void *answer, size_t room,
                   size_t *got);

static const char *const result_names[] = {"IO_DATA", "IO_END", "IO_NOT_YET", "IO_INTERRUPTED",
                                           "IO_FAILED"};
/* A zero among them, as a question is no string; what follows its 40 bytes must not be sent. */
static const char question[] = "hello, server\nhow many bytes\0are these?\nand no more";
static pid_t parent;
enum { QUESTION = 40, FIRST_LINE = 14, LENGTH = 20000, MANY = 8000000 };

/* ---- servers: each gets the connection, and what it returns is its exit status ---- */

/* How a server fared. That it could not answer is no fault of what it heard. */
enum { SERVED, OTHER_BYTES, NO_END, MORE_BYTES, BROKEN, NOT_ANSWERED };
static const char *const heard_names[] = {
    [OTHER_BYTES] = "other bytes than those of the question, or fewer",
    [NO_END] = "the question, and no end within 2 s",
    [MORE_BYTES] = "the question, and more bytes behind it",
    [BROKEN] = "the question, and then a reset",
};

/* The question, from byte `from` to byte `to`. */
static int
hear(int peer, size_t from, size_t to)
{
    char buf[QUESTION];
    size_t got;

    if (read_exactly(peer, buf, to - from, &got) != IO_DATA ||
        memcmp(buf, question + from, got) != 0)
        return OTHER_BYTES;
    return SERVED;
}

/* All of the question, and the end: it must come within two seconds. */
static int
hear_to_the_end(int peer)
{
    struct pollfd readable = {.fd = peer, .events = POLLIN};
    int status = hear(peer, 0, QUESTION);
    char byte;
    ssize_t n;

    if (status != SERVED)
        return status;
    if (poll(&readable, 1, 2000) != 1)
        return NO_END;
    n = read(peer, &byte, 1);
    return n == 0 ? SERVED : n > 0 ? MORE_BYTES : BROKEN;
}

static int
say(int peer, const char *text)
{
    return write_all(peer, text, strlen(text)) == IO_DATA ? SERVED : NOT_ANSWERED;
}

static int
answer_first_line(int peer)
{
    int status = hear(peer, 0, FIRST_LINE);

    if (status == SERVED)
        status = say(peer, "line\n");
    return status == SERVED ? hear(peer, FIRST_LINE, QUESTION) : status;
}

static int
answer_at_the_end(int peer)
{
    int status = hear_to_the_end(peer);

    return status == SERVED ? say(peer, "40 bytes\n") : status;
}

/* See proc(5): the state follows the name, which is in brackets. */
static bool
is_asleep(pid_t pid)
{
    char name[40], stat[400] = "", *state;
    FILE *file;

    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    file = fopen(name, "r");
    if (!file)
        return false;
    stat[fread(stat, 1, sizeof stat - 1, file)] = '\0';
    fclose(file);
    state = strrchr(stat, ')');
    return state && state[1] == ' ' && state[2] == 'S';
}

static int
answer_in_pieces(int peer)
{
    int status = hear_to_the_end(peer);

    for (const char *piece = "40 bytes\n"; *piece && status == SERVED; piece++) {
        sleep_ms(20);
        for (int i = 0; i < 200 && !is_asleep(parent); i++)
            sleep_ms(10); /* so that each piece has a read() of its own */
        if (piece[1] == '\0')
            sleep_ms(600); /* whoever has slept for a while has not slept until the end */
        status = write_all(peer, piece, 1) == IO_DATA ? SERVED : NOT_ANSWERED;
    }
    return status;
}

static int
answer_nothing(int peer)
{
    return hear_to_the_end(peer);
}

/* More than any buffer for pages holds. */
static int
answer_at_length(int peer)
{
    int status = hear_to_the_end(peer);

    for (int i = 0; i < LENGTH / 10 && status == SERVED; i++)
        status = say(peer, "123456789\n");
    return status;
}

/* With SO_LINGER of 0, close() resets the connection. */
static int
reset(int peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    check(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), "setsockopt");
    return SERVED;
}

static int
reset_in_the_answer(int peer)
{
    int status = hear_to_the_end(peer);

    if (status == SERVED)
        status = say(peer, "40 by");
    if (status != SERVED)
        return status;
    sleep_ms(50); /* so that what was said has been read before the reset throws it away */
    for (int i = 0; i < 200 && !is_asleep(parent); i++)
        sleep_ms(10); /* the machine is busy */
    return reset(peer);
}

static int
reset_at_once(int peer)
{
    struct pollfd readable = {.fd = peer, .events = POLLIN};
    int status = hear(peer, 0, QUESTION);

    /* Whoever ends the question does so before the reset: shutdown() would say ENOTCONN. */
    poll(&readable, 1, 1000);
    return status == SERVED ? reset(peer) : status;
}

/* As above, but before it has got a byte. */
static int
reset_unheard(int peer)
{
    return reset(peer);
}

static int
signal_then_answer(int peer)
{
    int status = hear_to_the_end(peer);

    if (status != SERVED)
        return status;
    for (int i = 0; i < 5; i++) {
        sleep_ms(20);
        if (getppid() == parent) /* else it is gone, and we have got another */
            kill(parent, SIGUSR1);
    }
    sleep_ms(20);
    return say(peer, "40 bytes\n");
}

/* A question that no buffer holds; a signal comes while it is being sent. */
static int
hear_at_length(int peer)
{
    static char buf[65536];
    size_t heard = 0;
    ssize_t n = 1;

    for (int i = 0; i < 200 && !is_asleep(parent); i++)
        sleep_ms(10);
    if (getppid() == parent)
        kill(parent, SIGUSR1);
    sleep_ms(20);
    while (heard < MANY && (n = read(peer, buf, sizeof buf)) > 0)
        heard += (size_t)n;
    return heard == MANY ? say(peer, "line\n") : OTHER_BYTES;
}

struct scenario {
    const char *name, *text;
    int (*serve)(int peer);
    size_t room;
    enum io_result result;
    const char *answer;
    int error;
    bool any_result; /* only the bytes are looked at */
};

static const struct scenario scenarios[] = {
    {"one-line", "the server answers the first line", answer_first_line, 5, IO_DATA, "line\n", 0,
     0},
    {"at-the-end", "the server answers when it has seen the end", answer_at_the_end, 100, IO_END,
     "40 bytes\n", 0, true},
    {"in-pieces", "the answer comes a byte at a time", answer_in_pieces, 100, IO_END, "40 bytes\n",
     0, true},
    {"empty", "the answer is empty", answer_nothing, 100, IO_END, "", 0, false},
    {"complete", "the answer is shorter than the room", answer_at_the_end, 10, IO_END, "40 bytes\n",
     0, 0},
    {"room-is-full", "the room is for 4 bytes", answer_at_the_end, 4, IO_DATA, "40 b", 0, 0},
    {"cut-off", "the server resets in the middle of its answer", reset_in_the_answer, 100,
     IO_FAILED, "40 by", ECONNRESET, 0},
    {"broken", "the server resets instead of answering", reset_at_once, 100, IO_FAILED, "",
     ECONNRESET, 0},
    {"gone", "the server has reset the connection before you send", reset_unheard, 100, IO_FAILED,
     "", ECONNRESET, 0},
    {"signals", "signals come while you wait for the answer", signal_then_answer, 100, IO_END,
     "40 bytes\n", 0, true},
};

/* ---- the play ---- */

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    exit(1);
}

static void
on_signal(int signal)
{
    (void)signal;
}

/* Connects, and forks the server, which has the other end to itself. */
static pid_t
start(int (*serve)(int peer), int *server)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *any = (struct sockaddr *)&addr;
    int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), peer;
    socklen_t len = sizeof addr;
    pid_t child;

    check(bind(listener, any, len), "bind");
    check(listen(listener, 1), "listen");
    check(getsockname(listener, any, &len), "getsockname");
    *server = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(*server, any, len), "connect");
    peer = check(accept(listener, NULL, NULL), "accept");
    close(listener);
    parent = getpid();
    child = check(fork(), "fork");
    if (child == 0) {
        int status;

        close(*server);
        status = serve(peer);
        close(peer);
        _exit(status);
    }
    close(peer);
    return child;
}

/* "40 bytes\n", as it would stand in a program. */
static void
escape(char *text, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text += bytes[i] == '\n' ? sprintf(text, "\\n")
                : bytes[i] >= ' ' && bytes[i] <= '~'
                    ? sprintf(text, "%c", bytes[i])
                    : sprintf(text, "\\x%02x", (unsigned char)bytes[i]);
    *text = '\0';
}

/* What has come back, or should have: the result and errno only where they matter. */
static void
describe(char text[1000], const struct scenario *s, enum io_result result, const char *answer,
         size_t got, int error)
{
    char escaped[900];

    escape(escaped, answer, got < s->room ? got : s->room);
    snprintf(text, 1000, "%s%sgot = %zu, \"%s\"%s%s",
             s->any_result         ? ""
             : result <= IO_FAILED ? result_names[result]
                                   : "?",
             s->any_result ? "" : ", ", got, escaped, s->error ? ", errno = " : "",
             s->error ? errno_name(error) : "");
}

/* A long answer: all of it, and only then the end. */
static void
play_long(void)
{
    static char answer[LENGTH + 1], expected[100], came[100];
    size_t got = 777, right = 0;
    int server, status;
    pid_t child;
    enum io_result result;

    printf("did: ask(server, question, %d, answer, %d, &got), where the answer has %d bytes\n",
           QUESTION, LENGTH + 1, LENGTH);
    fflush(stdout);
    child = start(answer_at_length, &server);
    result = ask(server, question, QUESTION, answer, sizeof answer, &got);
    close(server);
    check(waitpid(child, &status, 0), "waitpid");
    while (right < LENGTH && answer[right] == "123456789\n"[right % 10])
        right++;
    snprintf(expected, sizeof expected, "IO_END, got = %d, %d right bytes", LENGTH, LENGTH);
    snprintf(came, sizeof came, "%s, got = %zu, %zu right bytes",
             result <= IO_FAILED ? result_names[result] : "?", got, right);
    if (strcmp(expected, came) != 0)
        wrong(expected, came);
}

static void
play_long_question(void)
{
    static char long_question[MANY];
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    char answer[5];
    size_t got = 777;
    int server, status;
    pid_t child;

    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    signal(SIGPIPE, SIG_IGN);
    printf("did: ask(server, question, %d, answer, 5, &got), a signal while it is sent\n", MANY);
    fflush(stdout);
    child = start(hear_at_length, &server);
    ask(server, long_question, MANY, answer, sizeof answer, &got);
    close(server);
    while (waitpid(child, &status, 0) == -1) /* the signal may still come */
        if (errno != EINTR)
            fail("waitpid", NULL);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == OTHER_BYTES)
        wrong("the server gets the whole question", "it got a part of it");
}

static void
play(const struct scenario *s)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    char answer[201] = "", expected[1000], came[1000];
    size_t got = 777;
    enum io_result result;
    int server, error, status, heard;
    pid_t child;

    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    signal(SIGPIPE, SIG_IGN);
    printf("did: ask(server, question, %d, answer, %zu, &got), where %s\n", QUESTION, s->room,
           s->text);
    fflush(stdout);
    child = start(s->serve, &server);
    memset(answer + s->room, '#', sizeof answer - s->room);
    if (s->serve == reset_unheard)
        check(poll(&(struct pollfd){.fd = server}, 1, 2000), "poll");
    result = ask(server, question, QUESTION, answer, s->room, &got);
    error = errno;
    for (size_t i = s->room; i < sizeof answer; i++)
        if (answer[i] != '#')
            wrong("it writes into the room that it has", "a byte behind it is another one now");
    describe(expected, s, s->result, s->answer, strlen(s->answer), s->error);
    describe(came, s, result, answer, got, error);
    if (fcntl(server, F_GETFD) != -1 && (fcntl(server, F_GETFL) & O_NONBLOCK))
        wrong("the descriptor has the flags that it had", "it has O_NONBLOCK now");
    if (fcntl(server, F_GETFD) == -1)
        wrong("the descriptor is still open: it is the caller's", "it has been closed");
    close(server);
    while (waitpid(child, &status, 0) == -1) /* a signal may still come */
        if (errno != EINTR)
            fail("waitpid", NULL);
    heard = WIFEXITED(status) ? WEXITSTATUS(status) : SERVED;
    if (strcmp(expected, came) != 0)
        printf("expected: %s\ngot: %s\n", expected, came);
    else if (s->result == IO_FAILED || heard == SERVED || heard == NOT_ANSWERED)
        return;
    if (heard != SERVED && heard != NOT_ANSWERED)
        wrong("the server gets the whole question, and then its end", heard_names[heard]);
    exit(1);
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, name) != 0)
        i++;
    if (strcmp(name, "long") == 0) {
        play_long();
    } else if (strcmp(name, "long-question") == 0) {
        play_long_question();
    } else if (i == n) {
        printf("usage: half-close SCENARIO\nscenarios: long long-question");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    } else {
        play(&scenarios[i]);
    }
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
