/*
 * process-per-connection.c - a process for each client
 *
 * Shows:  fork() makes the blocking program of single-process.c concurrent and leaves it as
 *         it was: each child has one client and may sleep for as long as that client does.
 * Run:    build/11-models/process-per-connection -p 8000
 * Watch:  ps --ppid PID while clients are connected: a process each. None is left, not even
 *         as a zombie, when they are gone.
 * Breaks: a process costs many times what an echo costs: with load --visits the forks are
 *         most of what is measured.
 * Book:   11-models, "A process for each"
 */
#include "args.h"
#include "children.h"
#include "clock.h"
#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>
#include <unistd.h>

static void
echo_until_end(int peer)
{
    char buf[1 << 16];

    for (;;) {
        ssize_t n = read(peer, buf, sizeof buf);

        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0 || write_all(peer, buf, (size_t)n) != IO_DATA)
            return;
    }
}

int
main(int argc, char **argv)
{
    struct server_args args = parse_server_args(argc, argv);
    int listener = tcp_listen(args.address, args.port);
    int peer;

    stop_on_signals(listener);
    reap_children();
    announce(listener);
    while ((peer = next_peer(listener)) >= 0) {
        switch (fork_child()) {
        case 0:
            close(listener);
            echo_until_end(peer);
            return 0;
        case -1: /* no more processes: this client is sent away, the others stay */
            complain("fork", NULL);
            sleep_ms(10);
        }
        close(peer); /* the child has it; while we had it, too, it would not end */
    }
    stop_children();
    return 0;
}
