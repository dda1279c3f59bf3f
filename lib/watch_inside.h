/*
 * watch_inside.h - what the parts of lib/watch have in common; nobody else includes it
 *
 *   watch.c         starting and ending; before and after each watched call, and the counts
 *   watch_calls.c   the calls themselves, in place of libc's
 *   watch_ring.c    requests to an io_uring, and syscall(2)
 *   watch_faults.c  the plan of FAULTS
 *   watch_trace.c   the events, and the file that TRACE names
 */
#pragma once

#include "watch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define CALLS(X) \
    X(accept) X(accept4) X(connect) X(read) X(readv) X(recv) X(recvfrom) X(recvmsg) X(write) \
    X(writev) X(send) X(sendto) X(sendmsg) X(sendfile) X(poll) X(ppoll) X(select) X(pselect) \
    X(epoll_wait) X(epoll_pwait) X(epoll_ctl) X(socket) X(shutdown) X(close) X(fork) X(waitpid) \
    X(nanosleep) X(sigwaitinfo) X(sigtimedwait) X(sigsuspend) X(pause) X(pthread_mutex_lock) \
    X(pthread_cond_wait) X(pthread_cond_timedwait) X(pthread_join) X(sem_wait) X(syscall)
/* What syscall(2) is asked for by number, and has a name all the same. */
#define BY_NUMBER(X) X(io_uring_setup) X(io_uring_enter) X(io_uring_register)
/* clang-format on */

enum call {
#define X(call) CALL_##call,
    CALLS(X) BY_NUMBER(X)
#undef X
        CALL_COUNT,
    NO_CALL = CALL_COUNT, /* of an event that is not a call but was recorded by watch_record() */
};

/* Known to the linker, and to nobody outside the program: so reading one takes no detour. */
#pragma GCC visibility push(hidden)

extern const char *const watch_call_name[CALL_COUNT];

static inline bool
moves_bytes(enum call call)
{
    return call >= CALL_read && call <= CALL_sendfile;
}

/* ---- watch.c ---- */

extern bool watch_on; /* is anything watched? Set before main, then only read. */

/* What this process has done so far, by call. */
extern struct watch_count {
    atomic_long made, not_yet, interrupted, bytes;
    atomic_long asked, asked_in_vain; /* of an io_uring */
} watch_counts[CALL_COUNT];

/* A call under way. */
struct watched {
    enum call call;
    int fd;
    int64_t start; /* these two only for TRACE */
    long sleeps;
};

/* True when the call is to fail by plan, with errno set; may make *len smaller (NULL: none). */
bool watch_before(struct watched *w, enum call call, int fd, size_t *len);

/* `result` is what the call returns; errno stays as it is. */
void watch_after(const struct watched *w, long result);

/* ---- watch_faults.c ---- */

/* Reads what FAULTS says. False: nothing. If it makes no sense, the program ends with status 2.
 */
bool watch_plan(const char *plan);

/* Applies the plan to call number `n`, of `fd`: true when it is to fail, with errno set. */
bool watch_plan_fails(enum call call, long n, int fd, size_t *len);

/* ---- watch_trace.c ---- */

/* Has `path` written from now on; if it cannot be, the program ends with status 1. */
void watch_trace_start(const char *path);

/* Notes when the call began, if there is a trace; and when it is done, what became of it. */
void watch_trace_begin(struct watched *w);
void watch_trace_end(const struct watched *w, long result, int error);

/* In the child of a fork(): what has been recorded so far is its parent's. */
void watch_trace_forget(void);

/* Writes what all threads have recorded; not the calls in which they are asleep. */
void watch_trace_flush(void);

/* ---- watch_ring.c ---- */

/* `fd` is about to be closed: if it is a ring, nothing of ours may keep it open. */
void watch_ring_close(int fd);

#pragma GCC visibility pop
