#include "children.h"

#include "error.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CHILDREN = 1 << 16 };

/* The handler changes these: everybody else touches them only with SIGCHLD blocked. */
static pid_t children[MOST_CHILDREN];
static int count;

static void
forget(pid_t child)
{
    for (int i = 0; i < count; i++)
        if (children[i] == child)
            children[i] = children[--count];
}

/* One SIGCHLD may stand for several children: signals are not counted. See signal(7). */
static void
on_sigchld(int signal)
{
    int saved_errno = errno;
    pid_t child;

    (void)signal;
    while ((child = waitpid(-1, NULL, WNOHANG)) > 0)
        forget(child);
    errno = saved_errno;
}

void
reap_children(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_NOCLDSTOP};

    check(sigaction(SIGCHLD, &action, NULL), "sigaction");
}

/* Returns the signals that were blocked before. */
static sigset_t
block_sigchld(void)
{
    sigset_t sigchld, before;

    sigemptyset(&sigchld);
    sigaddset(&sigchld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &sigchld, &before);
    return before;
}

pid_t
fork_child(void)
{
    sigset_t before = block_sigchld(); /* a child may end before we have written it down */
    pid_t child = -1;

    if (count < MOST_CHILDREN)
        child = fork();
    else
        errno = EAGAIN;
    if (child == 0)
        count = 0;
    else if (child > 0)
        children[count++] = child;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child;
}

void
stop_children(void)
{
    sigset_t before = block_sigchld();

    for (int i = 0; i < count; i++)
        kill(children[i], SIGTERM);
    while (count > 0) {
        pid_t child = waitpid(-1, NULL, 0);

        if (child > 0)
            forget(child);
        else if (errno != EINTR)
            break;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}
