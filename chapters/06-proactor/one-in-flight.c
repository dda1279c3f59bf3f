/*
 * one-in-flight.c - a peer has asked twice; the second question waits for the answer to the first
 *
 * Shows:  each request is an object of its own, and any worker takes it. A worker is as fast as its
 *         request allows; so of one peer only one request may be under way. Those of other peers
 *         may be, and the second worker is there for them.
 * Run:    build/06-proactor/one-in-flight
 *         build/06-proactor/one-in-flight -s 1000
 * Breaks: bad-all-in-flight.c
 * Book:   06-proactor, "The answers come in their own order"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORKERS = 2, IN_FLIGHT = 1, ROOM = 16 };

static struct queue *requests, *answers; /* of lines: a question, which becomes its answer */
static long slow_ms;

/* ---- the workers think, and neither read nor write ---- */

static void *
work(void *unused)
{
    char *line;

    while ((line = queue_take(requests))) {
        if (slow_ms > 0 && strcmp(line, "slow\n") == 0)
            sleep_ms(slow_ms);
        queue_put(answers, line);
    }
    return unused;
}

/* ---- the main thread reads and writes ---- */

static void
serve(FILE *peer_says, int peer)
{
    char *line = NULL;
    size_t size = 0;
    int in_flight = 0;
    bool more = true;

    while (more || in_flight > 0) {
        if (more && in_flight < IN_FLIGHT) {
            more = getline(&line, &size, peer_says) != -1;
            if (more && queue_put(requests, strdup(line)) == QUEUE_PUT)
                in_flight++;
        } else {
            char *answer = queue_take(answers);

            check((int)send(peer, answer, strlen(answer), 0), "send");
            free(answer);
            in_flight--;
        }
    }
    free(line);
}

/* ---- the peer ---- */

static void
tell(const char *what, char *lines)
{
    printf("%s", what);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        printf(" %s", line);
    puts("");
}

int
main(int argc, char **argv)
{
    char questions[] = "slow\nfast\n", got[100] = "";
    const char *ms = "200";
    const struct own_option own[] = {{'s', "MS", "that a slow answer takes (200)", &ms}, {0}};
    pthread_t worker[WORKERS];
    int ends[2];

    parse_args(argc, argv, own, "");
    slow_ms = parse_number(ms, 0, 10000, "MS");
    requests = queue_open(ROOM);
    answers = queue_open(ROOM);
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    check((int)send(ends[1], questions, strlen(questions), 0), "send");
    shutdown(ends[1], SHUT_WR);
    for (int i = 0; i < WORKERS; i++) {
        errno = pthread_create(&worker[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    serve(fdopen(ends[0], "r"), ends[0]);
    check((int)recv(ends[1], got, sizeof got - 1, 0), "recv");
    tell("asked:   ", questions);
    tell("answered:", got);
    queue_close(requests);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(worker[i], NULL);
    return 0;
}
