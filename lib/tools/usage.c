/*
 * usage.c - CPU time and memory of a server with all its processes
 *
 * Shows:  what a process tree has cost. A server that forks hides its work: a child's CPU
 *         time reaches the parent only when the child has been waited for, and memory that
 *         processes share must not be counted once for each of them.
 * Run:    setsid build/01-blocking/one-at-a-time -p 8000 & build/lib/usage $!
 * Watch:  prints cpu_us, pss_kb, processes and threads, a `key=value` line each, for the
 *         session that PID leads: the server, started by setsid(1), and all its descendants.
 * Book:   11-models, "Measure it"
 */
#include "args.h"
#include "error.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct usage {
    int64_t cpu_us; /* user and system, living and reaped */
    long pss_kb;    /* proportional set size: a page shared by n processes is 1/n for each */
    long processes, threads;
    int64_t reaped_us; /* of cpu_us, the part of children that have been waited for */
};

enum { MOST_LOOKS = 20 };

/* The fields of /proc/PID/stat that are needed; false when the process has gone. See proc(5). */
static bool
read_stat(const char *pid, char *state, int *session, int64_t *reaped_us, long *threads)
{
    char path[300], line[1024], *after_name;
    long cutime, cstime, tick_us = 1000000 / sysconf(_SC_CLK_TCK);
    bool complete = false;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    if (fgets(line, sizeof line, file) && (after_name = strrchr(line, ')')))
        complete = sscanf(after_name + 1,
                          " %c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld %*d %*d %ld",
                          state, session, &cutime, &cstime, threads) == 5;
    fclose(file);
    if (complete)
        *reaped_us = (int64_t)(cutime + cstime) * tick_us;
    return complete;
}

/*
 * What a process and its threads, ended ones too, have used themselves: in nanoseconds from
 * its CPU-time clock, because utime and stime of /proc are cut to hundredths of a second, and
 * the errors of a thousand processes would add up. See clock_getcpuclockid(3).
 */
static int64_t
own_cpu_us(const char *pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid((pid_t)atoi(pid), &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0; /* it has gone; what it used comes with its parent's reaped children */
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static long
own_pss_kb(const char *pid)
{
    char path[300], line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file) && sscanf(line, "Pss: %ld kB", &kb) != 1)
        ;
    fclose(file);
    return kb;
}

/* One walk through /proc, which is not a snapshot: processes come and go meanwhile. */
static struct usage
look_at_session(int leader)
{
    struct usage sum = {0};
    struct dirent *entry;
    DIR *proc = opendir("/proc");

    if (!proc)
        fail("opendir", "/proc");
    while ((entry = readdir(proc))) {
        int64_t reaped_us;
        long threads;
        int session;
        char state;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !read_stat(entry->d_name, &state, &session, &reaped_us, &threads) || session != leader)
            continue;
        sum.cpu_us += own_cpu_us(entry->d_name) + reaped_us;
        sum.reaped_us += reaped_us;
        if (state == 'Z')
            continue; /* dead, and not yet waited for: it has used CPU, but has no memory */
        sum.pss_kb += own_pss_kb(entry->d_name);
        sum.processes++;
        sum.threads += threads;
    }
    closedir(proc);
    return sum;
}

/*
 * A child that ends and is waited for while we look is missed: its parent was read before
 * that, and the child cannot be read after it. So we look again until nothing has changed; of
 * a server that is never the same twice, the memory is the most that was seen.
 */
static struct usage
usage_of_session(int leader)
{
    struct usage last, now = look_at_session(leader);
    int looks = 1;
    bool changed;

    do {
        last = now;
        now = look_at_session(leader);
        changed = now.processes != last.processes || now.reaped_us != last.reaped_us;
        if (now.pss_kb < last.pss_kb)
            now.pss_kb = last.pss_kb;
    } while (changed && ++looks < MOST_LOOKS);
    return now;
}

int
main(int argc, char **argv)
{
    char **operands = parse_args(argc, argv, NULL, "PID");
    struct usage usage = usage_of_session((int)parse_number(operands[0], 1, 1 << 22, "PID"));

    printf("cpu_us=%jd\npss_kb=%ld\nprocesses=%ld\nthreads=%ld\n", (intmax_t)usage.cpu_us,
           usage.pss_kb, usage.processes, usage.threads);
    return usage.processes > 0 ? 0 : 1;
}
