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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMED_OUT = 124, MOST_SEEN = 32768, LOOK_EVERY_MS = 100, GRACE_MS = 500 };

struct process {
    pid_t pid, parent;
    char name[16];
};

static FILE *report;
static pid_t command;
static int command_status = -1; /* as of waitpid(2), -1 while it runs */

/* Living processes (zombies are not) by number; returns how many of `all` were filled. */
static int
list_processes(struct process *all)
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
list_descendants(struct process *all)
{
    int n = list_processes(all), found = 0, before;

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

static void
kill_all(struct process *all)
{
    for (int n; (n = list_descendants(all)) > 0; reap())
        for (int i = 0; i < n; i++)
            kill(all[i].pid, SIGKILL);
    reap();
}

/* Sleeps until a child ends, `ms` have passed, or somebody wants us to stop (then true). */
static bool
told_to_stop(const sigset_t *signals, int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};
    int signal = sigtimedwait(signals, NULL, &time);

    return signal > 0 && signal != SIGCHLD;
}

static void
run_command(char **argv, const sigset_t *unblocked)
{
    command = check(fork(), "fork");
    if (command > 0)
        return;
    setsid(); /* no terminal, and a group that can be killed at once */
    sigprocmask(SIG_SETMASK, unblocked, NULL);
    execvp(argv[0], argv);
    complain("execvp", argv[0]);
    _exit(127);
}

int
main(int argc, char **argv)
{
    static struct process all[MOST_SEEN];
    long seconds = 60, most = 500;
    int64_t deadline;
    int letter, left = 0;
    bool time_is_up = false, too_many = false, stop = false;
    sigset_t signals, before;

    while ((letter = getopt(argc, argv, "+t:n:r:h")) != -1) {
        if (letter == 't')
            seconds = parse_number(optarg, 1, 86400, "SECONDS");
        else if (letter == 'n')
            most = parse_number(optarg, 1, MOST_SEEN, "PROCESSES");
        else if (letter == 'r' && !(report = fopen(optarg, "we")))
            fail("fopen", optarg);
        else if (letter != 'r')
            optind = argc;
    }
    if (optind >= argc) {
        fprintf(stderr,
                "usage: cage [-t SECONDS] [-n PROCESSES] [-r REPORT] COMMAND [ARGUMENT]...\n");
        return 2;
    }

    sigemptyset(&signals);
    for (const int *s = (int[]){SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0}; *s; s++)
        sigaddset(&signals, *s);
    sigprocmask(SIG_BLOCK, &signals, &before);
    check(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
    deadline = now_ns() + seconds * NS_PER_SECOND;
    run_command(argv + optind, &before);

    while (command_status == -1 && !time_is_up && !too_many && !stop) {
        stop = told_to_stop(&signals, LOOK_EVERY_MS);
        reap();
        time_is_up = now_ns() >= deadline;
        too_many = list_descendants(all) > most;
    }
    /* What is on its way out gets a moment to arrive there; the rest was left behind. */
    deadline = now_ns() + GRACE_MS * NS_PER_MS;
    while (command_status != -1 && (left = list_descendants(all)) > 0 && now_ns() < deadline) {
        told_to_stop(&signals, LOOK_EVERY_MS / 10);
        reap();
    }
    if (report && command_status == -1 && !stop)
        fprintf(report, "%s\n", too_many ? "too-many" : "timed-out");
    if (report && command_status != -1 && left > 0) {
        fprintf(report, "left-behind %d", left);
        for (int i = 0; i < left && i < 10; i++)
            fprintf(report, " %s", all[i].name);
        fprintf(report, "\n");
    }
    stop |= command_status == -1;
    kill_all(all);
    if (stop)
        return TIMED_OUT;
    return WIFSIGNALED(command_status) ? 128 + WTERMSIG(command_status)
                                       : WEXITSTATUS(command_status);
}
