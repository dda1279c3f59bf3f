/*
 * thread-per-connection.c - a thread for each client
 *
 * Shows:  what a process can do for a client, a thread can do for a fraction of the price: all
 *         threads share the memory and the descriptors, and only the stack is each one's own.
 * Run:    build/11-models/thread-per-connection -p 8000
 * Watch:  ls /proc/PID/task while clients are connected: a thread each, and the main one.
 * Breaks: what one of them does wrong happens to all: a crash, or close() of a descriptor
 *         that is another's by now.
 * Book:   11-models, "A thread for each"
 */
#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int clients; /* guarded by `lock` */

static void
count(int change)
{
    pthread_mutex_lock(&lock);
    clients += change;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *
echo_until_end(void *argument)
{
    int peer = (int)(intptr_t)argument; /* by value: main's own variable soon has the next one */
    char buf[1 << 16];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            break;
    }
    close(peer);
    count(-1);
    return NULL;
}

/* Nobody will ask for its result, so the thread is detached: see pthread_detach(3). */
static void
serve_in_a_thread(int peer)
{
    pthread_t thread;

    count(+1);
    errno = pthread_create(&thread, NULL, echo_until_end, (void *)(intptr_t)peer);
    if (errno == 0) {
        pthread_detach(thread);
        return;
    }
    complain("pthread_create", NULL); /* this client is sent away, the others stay */
    sleep_ms(10);
    close(peer);
    count(-1);
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    int peer;

    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0)
        serve_in_a_thread(peer);
    pthread_mutex_lock(&lock); /* the end of main is the end of all threads */
    while (clients > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}
