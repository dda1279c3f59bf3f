/* The plan of FAULTS: which calls are to fail, and how. See watch.h for how it is written. */
#include "watch_inside.h"

#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FAULTS = 32 };

struct fault {
    enum call call;
    int error;  /* what the call fails with; 0: it is only cut short */
    bool one;   /* cut to one byte; else to half */
    long first; /* the calls that are hit, counted from 1 */
    long last;
    bool every_other;
};

static struct fault faults[MOST_FAULTS];
static int fault_count;

static _Noreturn void
refuse(const char *item, const char *reason)
{
    fprintf(stderr, "%s: FAULTS: %s: '%s'\n", program_invocation_short_name, reason, item);
    exit(2);
}

static bool
may_fail(enum call call) /* these return an error number, or nothing useful: no faults for them */
{
    return strncmp(watch_call_name[call], "pthread_", 8) != 0 && call != CALL_close;
}

static int
errno_by_name(const char *name)
{
    for (int error = 1; error < 134; error++) /* EHWPOISON, the last one, is 133 */
        if (strcmp(errno_name(error), name) == 0)
            return error;
    return 0;
}

/* call:fault[@n[-m]] */
static void
parse_fault(const char *item)
{
    struct fault fault = {.call = NO_CALL, .first = 1, .last = __LONG_MAX__};
    char call[32], name[32], rest[32] = "", dash = 0, junk;
    int fields = sscanf(item, "%31[a-z0-9_]:%31[A-Za-z0-9]%31s", call, name, rest);

    if (fields < 2)
        refuse(item, "not of the form call:fault[@n[-m]]");
    for (enum call c = 0; c < CALL_COUNT; c++)
        if (strcmp(watch_call_name[c], call) == 0)
            fault.call = c;
    if (fault.call == NO_CALL || !may_fail(fault.call))
        refuse(item, "no such call that can be made to fail");
    fault.one = strcmp(name, "one") == 0;
    if (fault.one || strcmp(name, "short") == 0) {
        if (!moves_bytes(fault.call) || fault.call == CALL_recvmsg || fault.call == CALL_sendmsg)
            refuse(item, "this call moves no bytes that could be cut short");
    } else if ((fault.error = errno_by_name(name)) == 0) {
        refuse(item, "the fault must be an errno name, 'short' or 'one'");
    }
    fault.every_other = !*rest && (fault.error == EINTR || fault.error == EAGAIN);
    if (*rest) {
        fields = sscanf(rest, "@%ld%c%ld%c", &fault.first, &dash, &fault.last, &junk);
        if (fields == 1)
            fault.last = fault.first;
        if ((fields != 1 && fields != 3) || (fields == 3 && dash != '-') || fault.first < 1 ||
            fault.last < fault.first)
            refuse(item, "after '@' comes a number, or two with '-' between them");
    }
    if (fault_count == MOST_FAULTS)
        refuse(item, "too many faults");
    faults[fault_count++] = fault;
}

bool
watch_plan(const char *plan)
{
    char *copy = strdup(plan), *save = NULL;

    for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save))
        parse_fault(item);
    free(copy);
    return fault_count > 0;
}

/* An eventfd, timerfd or signalfd (no file type) reads all or nothing: with less room, EINVAL. */
static bool
moves_parts(int fd)
{
    struct stat file;

    return fstat(fd, &file) == -1 || (file.st_mode & S_IFMT) != 0;
}

bool
watch_plan_fails(enum call call, long n, int fd, size_t *len)
{
    for (int i = 0; i < fault_count; i++) {
        const struct fault *f = &faults[i];

        if (f->call != call || n < f->first || n > f->last || (f->every_other && n % 2 == 0))
            continue;
        if (f->error) {
            errno = f->error;
            return true;
        }
        if (len && *len > 1 && moves_parts(fd))
            *len = f->one ? 1 : *len / 2;
    }
    return false;
}
