/*
 * threads.c - the plays of exercise 06/1: what glibc's AIO has made, and what is done
 *
 * usage: threads FEW MANY
 *
 * Each play has a process of its own, as a thread of glibc's that has nothing to do stays for a
 * second. No clock says when to look: when every thread but ours sleeps, nothing will change.
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 100, AWHILE = 10 /* looks, one each millisecond */ };

static struct peer {
    int near, far; /* our end of the connection, and the peer's own */
    struct aiocb in, out;
    char bytes[16];
} peer[MOST];

static int few, many, before; /* before: threads, when nothing has been asked for yet */

/* ---- who is there, and does anybody do anything? ---- */

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

/* Waits until nobody has done anything for a while; returns how many threads there are then. */
static int
settle(void)
{
    int threads = 0, awake;

    for (int quiet = 0; quiet < AWHILE; quiet++) {
        int now = look(&awake);

        if (awake > 0 || now != threads)
            quiet = 0;
        threads = now;
        sleep_ms(1);
    }
    return threads - before;
}

/* ---- connections and requests ---- */

static struct aiocb
request(int fd, const char *buf, size_t len)
{
    return (struct aiocb){.aio_fildes = fd,
                          .aio_buf = (char *)buf,
                          .aio_nbytes = len,
                          .aio_sigevent.sigev_notify = SIGEV_NONE};
}

static void
connect_peer(struct peer *p)
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    p->near = ends[0];
    p->far = ends[1];
}

/* A request to read from each of `n` peers, by a descriptor of its own. */
static void
read_from(int n)
{
    for (int i = 0; i < n; i++) {
        connect_peer(&peer[i]);
        peer[i].in = request(peer[i].near, peer[i].bytes, sizeof peer[i].bytes);
        check(aio_read(&peer[i].in), "aio_read");
    }
}

static void
speak(struct peer *p)
{
    check((int)send(p->far, "hello", 5, 0), "send");
}

/* How many of the first `n` requests to read, or to write, are done. */
static int
done(int n, bool writes)
{
    int sum = 0;

    settle();
    for (int i = 0; i < n; i++)
        sum += aio_error(writes ? &peer[i].out : &peer[i].in) == 0;
    return sum;
}

/* ---- the plays ---- */

static void
few_peers(void)
{
    read_from(few);
    printf("threads_few = %d\n", settle());
}

static void
many_peers(void)
{
    read_from(many);
    printf("threads_many = %d\n", settle());
    for (int i = 20; i < many; i++)
        speak(&peer[i]);
    printf("heard = %d\n", done(many, false));
    speak(&peer[0]);
    printf("heard_then = %d\n", done(many, false));
}

static void
one_peer(void)
{
    connect_peer(&peer[0]);
    for (int i = 0; i < many; i++) {
        peer[i].in = request(peer[0].near, peer[i].bytes, sizeof peer[i].bytes);
        check(aio_read(&peer[i].in), "aio_read");
    }
    printf("threads_one = %d\n", settle());
}

/* An answer to each, behind a request to read that waits. */
static int
answer(bool by_dup)
{
    read_from(few);
    for (int i = 0; i < few; i++) {
        int out = by_dup ? check(dup(peer[i].near), "dup") : peer[i].near;

        peer[i].out = request(out, "hello", 5);
        check(aio_write(&peer[i].out), "aio_write");
        settle(); /* one after the other: none is in the way of another */
    }
    return done(few, true);
}

static void
answers(void)
{
    printf("answered = %d\n", answer(false));
}

static void
answers_by_dup(void)
{
    printf("answered_dup = %d\n", answer(true));
}

static void
play(void (*it)(void))
{
    pid_t child = check(fork(), "fork");
    int status, unused;

    if (child == 0) {
        before = look(&unused);
        it();
        fflush(stdout);
        _exit(0);
    }
    check(waitpid(child, &status, 0), "waitpid");
    if (status != 0)
        exit(1);
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "FEW MANY");

    few = (int)parse_number(operands[0], 1, MOST, "FEW");
    many = (int)parse_number(operands[1], 21, MOST, "MANY");
    play(few_peers);
    play(many_peers);
    play(one_peer);
    play(answers);
    play(answers_by_dup);
    return 0;
}
