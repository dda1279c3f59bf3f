/*
 * See watch.h; the other parts are named in watch_inside.h. Here: what is switched on before main,
 * what happens before and after a watched call, and what COUNT prints at the end.
 */
#include "watch_inside.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

const char *const watch_call_name[] = {
#define X(call) #call,
    CALLS(X) BY_NUMBER(X)
#undef X
};

bool watch_on;
struct watch_count watch_counts[CALL_COUNT];

static bool counting;

/* ---- starting, forking, ending ---- */

static void
forget_in_child(void)
{
    watch_trace_forget();
    for (int c = 0; c < CALL_COUNT; c++) {
        struct watch_count *count = &watch_counts[c];

        count->made = count->not_yet = count->interrupted = count->bytes = 0;
        count->asked = count->asked_in_vain = 0;
    }
}

__attribute__((constructor)) static void
start_watching(void)
{
    const char *plan = getenv("FAULTS"), *count = getenv("COUNT"), *trace = getenv("TRACE");

    bool fails = plan && watch_plan(plan);

    counting = count && strcmp(count, "1") == 0;
    if (trace)
        watch_trace_start(trace);
    watch_on = trace || counting || fails;
    if (watch_on)
        pthread_atfork(NULL, NULL, forget_in_child);
}

static void
print_counts(void)
{
    struct rusage usage;

    fprintf(stderr, "%-24s %10s %8s %8s %14s\n", program_invocation_short_name, "calls", "EAGAIN",
            "EINTR", "bytes");
    for (int c = 0; c < CALL_COUNT; c++)
        if (watch_counts[c].made)
            fprintf(stderr, "  %-22s %10ld %8ld %8ld %14ld\n", watch_call_name[c],
                    watch_counts[c].made, watch_counts[c].not_yet, watch_counts[c].interrupted,
                    watch_counts[c].bytes);
    for (int c = 0; c < CALL_COUNT; c++)
        if (watch_counts[c].asked)
            fprintf(stderr, "  %-22s %10ld %8s %8ld %14s\n", watch_call_name[c],
                    watch_counts[c].asked, "-", watch_counts[c].asked_in_vain, "by io_uring");
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "  slept %ld times\n", usage.ru_nvcsw);
}

__attribute__((destructor)) static void
stop_watching(void)
{
    watch_trace_flush();
    if (counting)
        print_counts();
}

/* A child that leaves by _exit() runs no destructors; what it has recorded is written here. */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void
__wrap__exit(int status)
{
    if (watch_on)
        stop_watching();
    __real__exit(status);
}

/* ---- before and after a call ---- */

bool
watch_before(struct watched *w, enum call call, int fd, size_t *len)
{
    long n = 1 + atomic_fetch_add(&watch_counts[call].made, 1);

    w->call = call;
    w->fd = fd;
    watch_trace_begin(w);
    return watch_plan_fails(call, n, fd, len);
}

void
watch_after(const struct watched *w, long result)
{
    struct watch_count *count = &watch_counts[w->call];
    int error = result == -1 ? errno : 0;

    if (error == EAGAIN)
        count->not_yet++;
    else if (error == EINTR)
        count->interrupted++;
    else if (result > 0 && moves_bytes(w->call))
        atomic_fetch_add(&count->bytes, result);
    watch_trace_end(w, result, error);
    if (error)
        errno = error;
}
