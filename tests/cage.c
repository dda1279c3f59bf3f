/*
 * cage.c - runs a program that cannot be trusted to end, and leaves nothing of it behind
 *
 * Shows:  how a process keeps hold of all its descendants: whoever loses its parent
 *         becomes a child of the nearest subreaper. See PR_SET_CHILD_SUBREAPER(2const).
 * Run:    build/tests/cage -t 1 sh -c 'setsid sleep 100 & echo gone'; echo $?
 * Watch:  the command's status is cage's; 124 when the time was up, as with timeout(1).
 *         -r FILE tells why: "timed-out", "too-many", "left-behind 2 sleep sh".
 */
#include "args.h"
#include "clock.h"
#include "error.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMED_OUT = 124, MOST_SEEN = 32768, LOOK_EVERY_MS = 20, GRACE_MS = 500 };

struct process {
    pid_t pid, parent;
    char name[16];
};

static struct process all[MOST_SEEN];
static pid_t command;
static int command_status = -1; /* as of waitpid(2), -1 while it runs */

/* Living processes (zombies are not) by number; returns how many were put into `all`. */
static int
list_processes(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    int n = 0;

    if (!proc)
        fail("opendir", "/proc");
    while (n < MOST_SEEN && (entry = readdir(proc))) {
        struct process *p = &all[n];
        char path[300], line[256] = "", *name, *end, state;
        FILE *stat;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        if (!(stat = fopen(path, "re")))
            continue; /* it has just ended */
        /* 1234 (name, which may hold anything) S 1200 ... */
        if (fgets(line, sizeof line, stat) && (name = strchr(line, '(')) &&
            (end = strrchr(line, ')')) && sscanf(line, "%d", &p->pid) == 1 &&
            sscanf(end, ") %c %d", &state, &p->parent) == 2 && state != 'Z') {
            snprintf(p->name, sizeof p->name, "%.*s", (int)(end - name - 1), name + 1);
            n++;
        }
        fclose(stat);
    }
    closedir(proc);
    return n;
}

/* Moves those that descend from this process to the front of `all`; returns how many. */
static int
list_descendants(void)
{
    int n, found = 0, before;

    if (waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD)
        return 0; /* a subreaper without children: an orphan would be one */
    n = list_processes();
    do {
        before = found;
        for (int i = found; i < n; i++) {
            bool ours = all[i].parent == getpid();

            for (int j = 0; j < found && !ours; j++)
                ours = all[i].parent == all[j].pid;
            if (ours) {
                struct process p = all[i];

                all[i] = all[found];
                all[found++] = p;
            }
        }
    } while (found > before);
    return found;
}

/* Takes the status of every child that has ended, the command's among them. */
static void
reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == command)
            command_status = status;
}

/* Processes and threads on the whole machine: much cheaper than to count our own. */
static long
count_everybody(void)
{
    FILE *loadavg = fopen("/proc/loadavg", "re");
    long n = 0;

    if (loadavg && fscanf(loadavg, "%*s %*s %*s %*d/%ld", &n) != 1)
        n = 0;
    if (loadavg)
        fclose(loadavg);
    return n;
}

static void
kill_all(void)
{
    for (int n; (n = list_descendants()) > 0; reap())
        for (int i = 0; i < n; i++)
            kill(all[i].pid, SIGKILL);
    reap();
}

/* ---- one command, from its beginning to its end ---- */

static long seconds = 60, most = 500;
static FILE *report;

static _Noreturn void
tell_usage(void)
{
    fprintf(stderr, "usage: cage [-t SECONDS] [-n PROCESSES] [-r REPORT] COMMAND [ARGUMENT]...\n");
    exit(2);
}

/* Our options end where the command begins: what follows is its own. */
static char **
parse_options(int argc, char **argv)
{
    int letter;

    while ((letter = getopt(argc, argv, "+t:n:r:")) != -1) {
        if (letter == 't')
            seconds = parse_number(optarg, 1, 86400, "SECONDS");
        else if (letter == 'n')
            most = parse_number(optarg, 1, MOST_SEEN, "PROCESSES");
        else if (letter != 'r')
            tell_usage();
        else if (!(report = fopen(optarg, "we")))
            fail("fopen", optarg);
    }
    if (!argv[optind])
        tell_usage();
    return argv + optind;
}

static void
start_command(char **argv, const sigset_t *unblocked)
{
    command = check(fork(), "fork");
    if (command > 0)
        return;
    setsid(); /* no terminal, and no signals that are meant for others */
    sigprocmask(SIG_SETMASK, unblocked, NULL);
    execvp(argv[0], argv);
    complain("execvp", argv[0]);
    _exit(127);
}

/* Sleeps until a child ends or it is time to look; false when somebody wants us to stop. */
static bool
go_on(const sigset_t *signals)
{
    struct timespec time = {.tv_nsec = LOOK_EVERY_MS * NS_PER_MS};
    int signal = sigtimedwait(signals, NULL, &time);

    reap();
    return signal <= 0 || signal == SIGCHLD;
}

/* Returns when the command has ended, or why it must not go on. */
static const char *
watch_command(const sigset_t *signals)
{
    int64_t deadline = now_ns() + seconds * NS_PER_SECOND;
    long at_start = count_everybody();

    while (command_status == -1) {
        if (!go_on(signals))
            return "stopped";
        if (now_ns() >= deadline && command_status == -1)
            return "timed-out";
        if (count_everybody() > at_start + most && list_descendants() > most)
            return "too-many";
    }
    return NULL;
}

/* What is on its way out gets a moment to arrive there; the rest was left behind. */
static void
tell_what_is_left(const sigset_t *signals)
{
    int64_t deadline = now_ns() + GRACE_MS * NS_PER_MS;
    int left;

    while ((left = list_descendants()) > 0 && now_ns() < deadline && go_on(signals))
        ;
    if (!report || left == 0)
        return;
    fprintf(report, "left-behind %d", left);
    for (int i = 0; i < left && i < 10; i++)
        fprintf(report, " %s", all[i].name);
    fprintf(report, "\n");
}

int
main(int argc, char **argv)
{
    char **arguments = parse_options(argc, argv);
    sigset_t signals, before;
    const char *trouble;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before);
    check(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
    start_command(arguments, &before);
    setpriority(PRIO_PROCESS, 0, -20); /* ahead of a thousand children, if we may; if not, not */

    trouble = watch_command(&signals);
    if (!trouble)
        tell_what_is_left(&signals);
    else if (report)
        fprintf(report, "%s\n", trouble);
    kill_all();
    if (trouble)
        return TIMED_OUT;
    return WIFSIGNALED(command_status) ? 128 + WTERMSIG(command_status)
                                       : WEXITSTATUS(command_status);
}
