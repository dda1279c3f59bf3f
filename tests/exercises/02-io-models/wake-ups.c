/*
 * wake-ups.c - the play of exercise 02/1, and how often the program sleeps and is called back
 *
 * usage: wake-ups MESSAGES PARTS
 *
 * Three peers, C, B and A, send MESSAGES messages each; one read() takes a PARTS-th of one. The
 * clock has no part in it: whoever plays the peers checks whether the program is asleep.
 */
#include "args.h"
#include "error.h"
#include "io.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEERS = 3, PART = 100, MOST_PARTS = 10 };

static int ours[PEERS], theirs[PEERS], go[2];
static int messages, parts, sleeps, returns, reads;

static bool
is_asleep(pid_t pid)
{
    char name[40], stat[400], *state;
    FILE *file;
    size_t n;

    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    file = fopen(name, "r");
    if (!file)
        fail("fopen", name);
    n = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[n] = '\0';
    state = strrchr(stat, ')');
    return state && state[2] == 'S';
}

/* Sends C B A, C B A, …: each when the program sleeps; or three at once, and then says so. */
static _Noreturn void
play_peers(bool at_once)
{
    char message[PART * MOST_PARTS] = {0};

    for (int i = 0; i < PEERS * messages; i++) {
        while (!is_asleep(getppid()))
            usleep(1000);
        for (int n = 0; n < (at_once ? PEERS : 1); n++)
            if (write_all(theirs[PEERS - 1 - (i + n) % PEERS], message, (size_t)(PART * parts)) !=
                IO_DATA)
                _exit(1);
        if (at_once) {
            check((int)write(go[1], "", 1), "write");
            i += PEERS - 1;
        }
    }
    _exit(0);
}

static void
read_part(int peer)
{
    char buf[PART];

    check((int)read(ours[peer], buf, sizeof buf), "read");
    reads++;
}

/* Is there something for the call that is to come, or will it sleep? */
static void
note_sleep(const struct pollfd *list, nfds_t n)
{
    struct pollfd now[PEERS];

    memcpy(now, list, n * sizeof *list);
    sleeps += check(poll(now, n, 0), "poll") == 0;
}

/* One read() after the other, A B C A B C: as many parts of each as its message has. */
static void
by_blocking(const struct pollfd *list)
{
    for (int i = 0; i < messages * PEERS * parts; i++) {
        int peer = i / parts % PEERS;

        note_sleep(&list[peer], 1);
        read_part(peer);
    }
}

static void
by_poll(struct pollfd *list, bool busy)
{
    while (reads < messages * PEERS * parts) {
        char byte;

        if (busy && reads % (PEERS * parts) == 0) /* other work, until all three have spoken */
            check((int)read(go[0], &byte, 1), "read");
        note_sleep(list, PEERS);
        check(poll(list, PEERS, -1), "poll");
        returns++;
        for (int peer = 0; peer < PEERS; peer++)
            if (list[peer].revents)
                read_part(peer);
    }
}

/* Plays it in one way, which leaves its figures in `sleeps` and `returns`. */
static void
play(char way)
{
    struct pollfd list[PEERS];
    int pair[2];

    sleeps = returns = reads = 0;
    check(pipe(go), "pipe");
    for (int peer = 0; peer < PEERS; peer++) {
        check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
        ours[peer] = pair[0];
        theirs[peer] = pair[1];
        list[peer] = (struct pollfd){.fd = ours[peer], .events = POLLIN};
    }
    if (check(fork(), "fork") == 0)
        play_peers(way == 'w');
    if (way == 'b')
        by_blocking(list);
    else
        by_poll(list, way == 'w');
    check(wait(NULL), "wait");
    for (int peer = 0; peer < PEERS; peer++) {
        close(ours[peer]);
        close(theirs[peer]);
    }
    close(go[0]);
    close(go[1]);
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "MESSAGES PARTS");

    messages = (int)parse_number(operands[0], 1, 100, "MESSAGES");
    parts = (int)parse_number(operands[1], 1, MOST_PARTS, "PARTS");
    play('b');
    printf("blocking_sleeps = %d\n", sleeps);
    play('p');
    printf("poll_sleeps = %d\npoll_returns = %d\n", sleeps, returns);
    play('w');
    printf("busy_returns = %d\n", returns);
    return 0;
}
