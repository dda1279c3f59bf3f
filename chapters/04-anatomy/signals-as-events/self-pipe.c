#include "signals.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int to_self;

/* Nonblocking: when the pipe is full, it has enough signals in it, and one more is lost. */
static void
on_signal(int signal)
{
    int saved_errno = errno; /* of the call that was interrupted */
    char byte = (char)signal;

    (void)write(to_self, &byte, 1);
    errno = saved_errno;
}

int
open_self_pipe(const sigset_t *wanted)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    int ends[2];

    check(pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
    to_self = ends[1];
    for (int signal = 1; signal < SIGRTMIN; signal++)
        if (sigismember(wanted, signal) == 1)
            check(sigaction(signal, &action, NULL), "sigaction");
    return ends[0];
}

int
next_from_self_pipe(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 1 ? byte : 0;
}
