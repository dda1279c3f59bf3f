/*
 * thread-per-connection.c - a thread for each client
 *
 * Shows:  what a process can do for a client, a thread can do for a tenth of the price: they
 *         share all memory and all descriptors, and only the stack is each one's own.
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

static void *
echo_until_end(void *argument)
{
    int peer = (int)(intptr_t)argument; /* by value: main's own variable has the next one soon */
    char buf[1 << 16];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            break;
    }
    close(peer);
    return NULL;
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    pthread_attr_t detached; /* nobody waits for them with pthread_join() */
    pthread_t thread;
    int peer;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    stop_on_signals(listener);
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        errno = pthread_create(&thread, &detached, echo_until_end, (void *)(intptr_t)peer);
        if (errno != 0) { /* no more threads: this client is sent away, the others stay */
            complain("pthread_create", NULL);
            sleep_ms(10);
            close(peer);
        }
    }
    pthread_exit(NULL); /* the program ends, with status 0, when its last thread does */
}
