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
/* A zero among them, for a question is no string; and what stands behind it is not asked. */
static const char question[] = "hello, server\nhow many bytes\0are these?\nand no more";
static pid_t parent;
enum { QUESTION = 40, FIRST_LINE = 14 };

/* ---- servers: each gets the connection, and what it returns is its exit status ---- */

/* The question, from byte `from` to byte `to`. */
static bool
heard(int peer, size_t from, size_t to)
{
    char buf[QUESTION];
    size_t got;

    return read_exactly(peer, buf, to - from, &got) == IO_DATA &&
           memcmp(buf, question + from, got) == 0;
}

/* Nothing more, and the end: it must come within two seconds. */
static bool
heard_end(int peer)
{
    struct pollfd readable = {.fd = peer, .events = POLLIN};
    char byte;

    return poll(&readable, 1, 2000) == 1 && read(peer, &byte, 1) == 0;
}

static bool
say(int peer, const char *text)
{
    return write_all(peer, text, strlen(text)) == IO_DATA;
}

static int
answer_first_line(int peer)
{
    return heard(peer, 0, FIRST_LINE) && say(peer, "line\n") && heard(peer, FIRST_LINE, QUESTION)
               ? 0
               : 1;
}

static int
answer_at_the_end(int peer)
{
    return heard(peer, 0, QUESTION) && heard_end(peer) && say(peer, "40 bytes\n") ? 0 : 1;
}

static int
answer_in_pieces(int peer)
{
    if (!heard(peer, 0, QUESTION) || !heard_end(peer))
        return 1;
    for (const char *piece = "40 bytes\n"; *piece; piece++) {
        if (write_all(peer, piece, 1) != IO_DATA)
            return 1;
        sleep_ms(20);
    }
    return 0;
}

/* With SO_LINGER of 0, close() resets the connection. */
static int
reset_in_the_answer(int peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (!heard(peer, 0, QUESTION) || !heard_end(peer) || !say(peer, "40 by"))
        return 1;
    sleep_ms(50); /* so that what was said has been read before the reset throws it away */
    check(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), "setsockopt");
    return 0;
}

static int
reset_at_once(int peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (!heard(peer, 0, QUESTION))
        return 1;
    check(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), "setsockopt");
    return 0;
}

/* As above, but before it has got a byte. */
static int
reset_unheard(int peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return 0;
}

static int
signal_then_answer(int peer)
{
    if (!heard(peer, 0, QUESTION) || !heard_end(peer))
        return 1;
    for (int i = 0; i < 5; i++) {
        sleep_ms(20);
        if (getppid() == parent) /* else it is gone, and we have got another */
            kill(parent, SIGUSR1);
    }
    sleep_ms(20);
    return say(peer, "40 bytes\n") ? 0 : 1;
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

static void
play(const struct scenario *s)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    char answer[201] = "", expected[200], came[200];
    size_t got = 777;
    enum io_result result;
    int server, error, status;
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
    if (got > sizeof answer)
        got = sizeof answer;
    snprintf(expected, sizeof expected, "%s%sgot = %zu, \"%.*s\"%s%s",
             s->any_result ? "" : result_names[s->result], s->any_result ? "" : ", ",
             strlen(s->answer), (int)strcspn(s->answer, "\n"), s->answer,
             s->error ? ", errno = " : "", s->error ? errno_name(s->error) : "");
    snprintf(came, sizeof came, "%s%sgot = %zu, \"%.*s\"%s%s",
             s->any_result         ? ""
             : result <= IO_FAILED ? result_names[result]
                                   : "?",
             s->any_result ? "" : ", ", got,
             (int)(got > 0 && answer[got - 1] == '\n' ? got - 1 : got), answer,
             s->error ? ", errno = " : "", s->error ? errno_name(error) : "");
    if (fcntl(server, F_GETFD) == -1)
        wrong("the descriptor is still open: it is the caller's", "it has been closed");
    close(server);
    check(waitpid(child, &status, 0), "waitpid");
    if (status != 0 && s->result != IO_FAILED)
        wrong("the server gets the whole question, and then its end", "it got something else");
    if (strcmp(expected, came) != 0)
        wrong(expected, came);
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, name) != 0)
        i++;
    if (i == n) {
        printf("usage: half-close SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    play(&scenarios[i]);
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
