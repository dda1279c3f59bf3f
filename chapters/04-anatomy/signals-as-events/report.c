#include "report.h"

#include "error.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

void
report(const char *who, const struct counts *events)
{
    fprintf(stderr, "%s: %ld I/O, %ld signal and %ld timer events\n", who, events->io,
            events->signals, events->timers);
}

void
report_in_a_child(const struct counts *events)
{
    pid_t child = fork();

    if (child == -1)
        complain("fork", NULL);
    if (child == 0) {
        report("child", events);
        _exit(0);
    }
}

void
reap(void)
{
    int status;

    while (waitpid(-1, &status, WNOHANG) > 0)
        fprintf(stderr, "child: ended with status %d\n", WEXITSTATUS(status));
}
