#include "clients.h"

#include "client.h"
#include "clock.h"
#include "error.h"
#include "io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct tally) <= PIPE_BUF, "else reports could get mixed up in the pipe");

/* The end of a pipe that one reads from, and the one that one writes to. See pipe(2). */
enum { READ, WRITE };

/*
 * Waits at the gate until the parent tells when the time is up, measures, reports. At the gate
 * the end instead of a time means that there will be no measurement: the parent could not fork
 * enough, or is gone.
 */
static void
be_client(const struct plan *plan, const int gate[2], const int results[2], pid_t parent)
{
    struct tally tally = {0};
    int64_t deadline;
    size_t got;

    check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl"); /* when the parent ends, so do we */
    if (getppid() != parent)
        return; /* which it has before we could say so */
    close(gate[WRITE]);
    close(results[READ]);
    if (read_exactly(gate[READ], &deadline, sizeof deadline, &got) != IO_DATA)
        return;
    ask_until(deadline, plan, &tally);
    if (write_all(results[WRITE], &tally, sizeof tally) != IO_DATA)
        fail("write", "the pipe to the parent");
}

/* Fills in `clients` and returns how many there are: all, or as many as the system had to give. */
static int
fork_clients(const struct plan *plan, const int gate[2], const int results[2], pid_t *clients)
{
    pid_t parent = getpid();

    fflush(NULL); /* or each child would print what is in the buffers, too */
    for (int i = 0; i < plan->clients; i++) {
        clients[i] = fork();
        if (clients[i] == -1) {
            complain("fork", i == 0 ? "not one client" : "not for all clients");
            return i;
        }
        if (clients[i] == 0) {
            be_client(plan, gate, results, parent);
            exit(0);
        }
    }
    return plan->clients;
}

static void
open_gate(const struct plan *plan, int gate)
{
    int64_t deadline = now_ns() + plan->window;

    for (int i = 0; i < plan->clients; i++)
        write_all(gate, &deadline, sizeof deadline); /* fails if all have been killed */
}

static void
add_up(struct tally *total, const struct tally *one)
{
    total->susceed += one->susceed;
    total->unfinished += one->unfinished;
    total->bytes += one->bytes;
    for (int i = 0; i < STEPS; i++)
        total->failed[i] += one->failed[i];
    for (int i = 0; i < ANSWERS; i++)
        total->answers[i] += one->answers[i];
    total->error = one->error ? one->error : total->error;
}

/*
 * Adds up what comes through the pipe until all clients have ended. One that is stuck, or that
 * somebody has stopped, never does: we give up when nobody reports any more.
 */
static int
collect(const struct plan *plan, int results, struct tally *total)
{
    struct pollfd report = {.fd = results, .events = POLLIN};
    int reported = 0, patience = PATIENCE * 1000, ready;
    struct tally one;
    size_t got;

    patience += (int)(plan->window / NS_PER_MS); /* before that there is nothing to report */
    for (;;) {
        ready = poll(&report, 1, patience);
        if (ready == -1 && errno == EINTR)
            continue;
        if (ready <= 0 || read_exactly(results, &one, sizeof one, &got) != IO_DATA)
            return reported;
        add_up(total, &one);
        reported++;
        patience = PATIENCE * 1000;
    }
}

/* No other signal ends a process that is stopped. Those that have ended are not harmed by it. */
static void
end_clients(const pid_t *clients, int there)
{
    for (int i = 0; i < there; i++)
        kill(clients[i], SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ; /* else they would be zombies as long as we live */
}

int
run_clients(const struct plan *plan, struct tally *total)
{
    static pid_t clients[MOST_CLIENTS];
    int gate[2], results[2], there, reported;

    check(pipe(gate), "pipe");
    check(pipe(results), "pipe");
    there = fork_clients(plan, gate, results, clients);
    close(gate[READ]);
    close(results[WRITE]); /* so that the end comes with the last client, however it went */
    if (there == plan->clients)
        open_gate(plan, gate[WRITE]);
    close(gate[WRITE]); /* if unwritten, all clients read the end there, and none will report */
    reported = collect(plan, results[READ], total);
    close(results[READ]);
    end_clients(clients, there);
    if (there == plan->clients && reported < there)
        fprintf(stderr, "webbench: only %d of %d clients have reported\n", reported, there);
    return reported;
}
