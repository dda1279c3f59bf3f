/*
 * watch.h - who waited where, how often, and what if it failed
 *
 * Linked into every program by `-Wl,--wrap=read` and so on (the list is lib/watch.link), so that
 * no program needs a line for it. Three environment variables switch it on; without them
 * a watched call costs one test of one variable.
 *
 *   TRACE=file.json   writes every call that waits or moves bytes to file.json, in the Trace
 *                     Event Format that Perfetto and chrome://tracing read. Several processes
 *                     may write to one file. At most 50,000 events a process.
 *   COUNT=1           prints at exit, on stderr, the calls of the process, how many said EAGAIN
 *                     or EINTR, and the bytes they moved.
 *   FAULTS=read:EINTR,write:short@2-4,accept:EMFILE@3
 *                     makes calls fail. CALL:FAULT@N-M hits the Nth to the Mth such call of
 *                     this process, counted anew after fork(); CALL:FAULT hits all, but EINTR
 *                     and EAGAIN only every other one, so that a program which tries again goes on.
 *                     FAULT is an errno name, or `short` (half of what was asked for), or `one`
 *                     (one byte). A plan that cannot be read ends the program with status 2.
 *
 * What is asked of the kernel by io_uring is counted separately, and fails as the call of that name
 * would: recv:short@2 is the second request to receive, accept:EMFILE one to accept. A request that
 * goes on (multishot) ends where it is cut short. Only eight rings at a time are known. The calls
 * themselves are io_uring_setup, io_uring_enter and io_uring_register.
 *
 * It does not see what libc does inside: stdio, getaddrinfo(), the threads behind aio_read().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Is TRACE on? */
bool watch_tracing(void);

/*
 * For clients that play several peers in one thread: gives lane number `lane` (1 and up, of
 * this process) a name, and records that it was doing `what`, waiting or working, from `start`
 * to `end`, both from now_ns(). Nothing happens unless TRACE is on. The strings are copied. Once
 * a process has named a lane, its own calls are no longer recorded: the lanes tell the same.
 */
void watch_name_lane(int lane, const char *name);
void watch_record(int lane, const char *what, bool waiting, int64_t start, int64_t end);
