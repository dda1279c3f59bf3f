/*
 * See watch.h. In the order of this file: the plan of faults; the events and the file they go
 * to; what happens before and after a watched call; the calls.
 *
 * A thread writes its events to a buffer of its own, so that recording takes no lock that the
 * program could wait for. A signal handler may interrupt the recording and be recorded itself:
 * then the thread is `busy`, and the event is left out.
 */
#include "watch.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Every watched call, in COUNT's order. lib/watch.link has the same list, for the linker. */
/* clang-format off */
#define CALLS(X) \
    X(accept) X(accept4) X(connect) X(read) X(readv) X(recv) X(recvfrom) X(recvmsg) X(write) \
    X(writev) X(send) X(sendto) X(sendmsg) X(sendfile) X(poll) X(ppoll) X(select) X(pselect) \
    X(epoll_wait) X(epoll_pwait) X(epoll_ctl) X(socket) X(shutdown) X(close) X(fork) X(waitpid) \
    X(nanosleep) X(sigwaitinfo) X(sigtimedwait) X(sigsuspend) X(pause) X(pthread_mutex_lock) \
    X(pthread_cond_wait) X(pthread_cond_timedwait) X(pthread_join) X(sem_wait) X(syscall)
/* What syscall(2) is asked for by its number, and has a name all the same. */
#define BY_NUMBER(X) X(io_uring_setup) X(io_uring_enter) X(io_uring_register)
/* clang-format on */

enum call {
#define X(call) CALL_##call,
    CALLS(X) BY_NUMBER(X)
#undef X
        CALL_COUNT,
    NO_CALL = CALL_COUNT, /* of an event that is no call but was recorded by watch_record() */
};

static const char *const call_name[] = {
#define X(call) #call,
    CALLS(X) BY_NUMBER(X)
#undef X
};

enum { MOST_EVENTS = 50000, MOST_FAULTS = 32, BUFFERED = 256, LANE_TID = 10 * 1000 * 1000 };

static bool watching; /* is anything on? Set before main, then only read. */
static bool counting;
static const char *trace_path; /* NULL: TRACE is off */
static atomic_bool plays;      /* it has lanes of watch_record(): they tell what its calls would */

/* ---- the plan of faults ---- */

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
/* Of this process, by call. */
static atomic_long calls_made[CALL_COUNT], not_yet[CALL_COUNT], interrupted[CALL_COUNT];
static atomic_long bytes_moved[CALL_COUNT];
static atomic_long asked[CALL_COUNT], asked_in_vain[CALL_COUNT]; /* of an io_uring */

static _Noreturn void
refuse(const char *item, const char *reason)
{
    fprintf(stderr, "%s: FAULTS: %s: '%s'\n", program_invocation_short_name, reason, item);
    exit(2);
}

static bool
moves_bytes(enum call call)
{
    return call >= CALL_read && call <= CALL_sendfile;
}

static bool
may_fail(enum call call) /* these return an error number, or nothing useful: no faults for them */
{
    return strncmp(call_name[call], "pthread_", 8) != 0 && call != CALL_close;
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
        if (strcmp(call_name[c], call) == 0)
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

static void
parse_plan(const char *plan)
{
    char *copy = strdup(plan), *save = NULL;

    for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save))
        parse_fault(item);
    free(copy);
}

/* An eventfd, timerfd or signalfd (no file type) reads all or nothing: with less room, EINVAL. */
static bool
moves_parts(int fd)
{
    struct stat file;

    return fstat(fd, &file) == -1 || (file.st_mode & S_IFMT) != 0;
}

/* Applies the plan to call number `n`, of `fd`: true when it is to fail, with errno set. */
static bool
fails_by_plan(enum call call, long n, int fd, size_t *len)
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

/* ---- events, and the file they go to ---- */

struct event {
    enum call call;
    bool waited;
    int lane;
    int fd;
    int error;
    long result;
    int64_t start;
    int64_t end;
    char what[24]; /* of a NO_CALL */
};

/* The events of one thread. It is never freed: a thread that ends leaves it to the next one. */
struct buffer {
    struct buffer *next;
    atomic_bool owned;
    atomic_flag locked; /* between its thread and the one that runs exit() */
    pid_t tid;
    int64_t flushed;
    int length;
    struct event events[BUFFERED];
};

static struct buffer *_Atomic buffers;
static _Thread_local struct buffer *own_buffer;
static _Thread_local bool busy; /* a signal handler has interrupted this thread's recording */
static pthread_key_t at_thread_end;
static atomic_int events_made;

int __real_close(int fd);

/* A number in microseconds with three digits after the point, as the format wants it. */
#define US "%lld.%03lld"
#define US_OF(ns) (long long)((ns) / 1000), (long long)((ns) % 1000)

enum { ENTRY = 320, CHUNK = 4096 };

/* `of` is "thread_name" or "process_name". */
static int
print_name(char out[ENTRY], const char *of, int tid, const char *name)
{
    int n = snprintf(out, ENTRY,
                     "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"args\":{\"name\":\"",
                     getpid(), tid, of);

    for (; *name && n < ENTRY - 8; name++) /* whatever would need escaping becomes '?' */
        out[n++] = *name < ' ' || *name > '~' || strchr("\"\\", *name) ? '?' : *name;
    return n + snprintf(out + n, ENTRY - (size_t)n, "\"}}");
}

static int
print_event(char out[ENTRY], pid_t tid, const struct event *e)
{
    int n;

    if (e->call == NO_CALL && e->end == 0)
        return print_name(out, "thread_name", LANE_TID + e->lane, e->what);
    n = snprintf(out, ENTRY,
                 "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":" US ",\"dur\":" US
                 ",\"cat\":\"%s\",\"name\":\"%s\"",
                 getpid(), e->lane ? LANE_TID + e->lane : tid, US_OF(e->start),
                 US_OF(e->end - e->start), e->waited ? "wait" : "work",
                 e->call == NO_CALL ? e->what : call_name[e->call]);

    if (e->call != NO_CALL)
        n += snprintf(out + n, ENTRY - (size_t)n,
                      ",\"args\":{\"fd\":%d,\"result\":%ld,\"errno\":\"%s\"}", e->fd, e->result,
                      e->error ? errno_name(e->error) : "");
    return n + snprintf(out + n, ENTRY - (size_t)n, "}");
}

static const char empty[] = "[\n\n]\n";

enum { CLOSING = 3 }; /* the last bytes of every trace, "\n]\n" */

/* Whatever TRACE names, nothing is written into a file that is no trace. */
static bool
is_trace(int fd, off_t size)
{
    char first[2] = "", last[CLOSING] = "";

    return pread(fd, first, 2, 0) == 2 && memcmp(first, empty, 2) == 0 &&
           pread(fd, last, CLOSING, size - CLOSING) == CLOSING &&
           memcmp(last, empty + 2, CLOSING) == 0;
}

/* Opens the trace with its lock held and leaves it a valid, perhaps empty, list; -1 if it cannot.
 */
static int
open_trace(void)
{
    int fd = open(trace_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct stat status = {0};

    if (fd == -1)
        return -1;
    while (flock(fd, LOCK_EX) == -1 && errno == EINTR)
        ;
    if (fstat(fd, &status) == 0 && status.st_size == 0 && pwrite(fd, empty, 5, 0) != 5) {
        __real_close(fd);
        return -1;
    }
    if (S_ISREG(status.st_mode) && status.st_size > 0 && !is_trace(fd, status.st_size)) {
        __real_close(fd);
        errno = EEXIST; /* a file that is not ours */
        return -1;
    }
    return fd;
}

/*
 * Puts `len` bytes of entries, separated by ",\n", in the place of the closing bracket. If they do
 * not fit on the disk, it puts back what stood there, which needs no room, and the trace ends.
 */
static void
append_entries(int fd, const char *entries, size_t len)
{
    char text[CHUNK + ENTRY + 8];
    off_t size = lseek(fd, 0, SEEK_END), at = size > 5 ? size - CLOSING : 2;
    int n = snprintf(text, sizeof text, "%s%.*s\n]\n", size > 5 ? ",\n" : "", (int)len, entries);
    ssize_t written = pwrite(fd, text, (size_t)n, at);

    if (written == n)
        return;
    errno = written == -1 ? errno : ENOSPC;
    complain("TRACE: write", trace_path);
    trace_path = NULL;
    if (pwrite(fd, empty + 2, CLOSING, at) == CLOSING && ftruncate(fd, size) == -1)
        complain("TRACE: ftruncate", NULL);
}

/* The caller holds the buffer's lock. */
static void
flush(struct buffer *b)
{
    char entries[CHUNK + ENTRY], name[32] = "";
    char path[64];
    size_t len = 0;
    int fd, comm, i = -2;

    if (b->length == 0 || !trace_path)
        return;
    if ((fd = open_trace()) == -1) { /* no descriptor is left, say: later perhaps */
        b->length %= BUFFERED;       /* but what there is no room for is lost */
        return;
    }
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", b->tid);
    if ((comm = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
        ssize_t n = pread(comm, name, sizeof name - 1, 0);

        name[n > 0 ? n - 1 : 0] = '\0'; /* without the newline */
        __real_close(comm);
    }
    for (; i < b->length && trace_path; i++) {
        if (len)
            len += (size_t)sprintf(entries + len, ",\n");
        if (i == -2)
            len += (size_t)print_name(entries + len, "process_name", b->tid,
                                      program_invocation_short_name);
        else if (i == -1)
            len += (size_t)print_name(entries + len, "thread_name", b->tid, name);
        else
            len += (size_t)print_event(entries + len, b->tid, &b->events[i]);
        if (len >= CHUNK - 2 || i == b->length - 1) {
            append_entries(fd, entries, len);
            len = 0;
        }
    }
    flock(fd, LOCK_UN); /* a child of fork() may have the descriptor, and with it the lock */
    __real_close(fd);
    b->length = 0;
    b->flushed = now_ns();
}

static void
lock(struct buffer *b)
{
    while (atomic_flag_test_and_set_explicit(&b->locked, memory_order_acquire))
        ;
}

static void
unlock(struct buffer *b)
{
    atomic_flag_clear_explicit(&b->locked, memory_order_release);
}

/* mmap() and not malloc(): this may be a signal handler that interrupted malloc(). */
static struct buffer *
buffer_of_this_thread(void)
{
    struct buffer *b;

    if (own_buffer)
        return own_buffer;
    for (b = buffers; b; b = b->next)
        if (!atomic_exchange(&b->owned, true))
            break;
    if (!b) {
        b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (b == MAP_FAILED)
            return NULL;
        b->owned = true;
        b->next = buffers;
        while (!atomic_compare_exchange_weak(&buffers, &b->next, b))
            ;
    }
    b->tid = gettid();
    b->flushed = now_ns();
    pthread_setspecific(at_thread_end, b);
    return own_buffer = b;
}

static void
record(const struct event *event)
{
    int saved_errno = errno, made;
    struct buffer *b;

    if (busy)
        return;
    busy = true;
    made = atomic_fetch_add(&events_made, 1);
    b = made < MOST_EVENTS ? buffer_of_this_thread() : NULL;
    if (made == MOST_EVENTS)
        fprintf(stderr, "%s: TRACE: %d events of this process are recorded, the rest is left out\n",
                program_invocation_short_name, MOST_EVENTS);
    if (b) {
        lock(b);
        b->events[b->length++] = *event;
        if (b->length == BUFFERED || event->end - b->flushed > NS_PER_SECOND / 10)
            flush(b);
        unlock(b);
    }
    busy = false;
    errno = saved_errno;
}

static void
leave_buffer(void *own)
{
    struct buffer *b = own;

    busy = true; /* as in record(): a handler must not wait for our own lock */
    lock(b);
    flush(b);
    unlock(b);
    own_buffer = NULL;
    busy = false;
    b->owned = false;
}

/* ---- starting, forking, ending ---- */

static void
forget_in_child(void)
{
    for (struct buffer *b = buffers; b; b = b->next) {
        b->length = 0;
        b->owned = b == own_buffer;
        unlock(b);
    }
    if (own_buffer)
        own_buffer->tid = gettid();
    for (int c = 0; c < CALL_COUNT; c++)
        calls_made[c] = not_yet[c] = interrupted[c] = bytes_moved[c] = asked[c] = asked_in_vain[c] =
            0;
    events_made = 0;
}

__attribute__((constructor)) static void
start_watching(void)
{
    const char *plan = getenv("FAULTS"), *count = getenv("COUNT");

    trace_path = getenv("TRACE");
    if (plan)
        parse_plan(plan);
    counting = count && strcmp(count, "1") == 0;
    if (trace_path) {
        int fd = open_trace();

        if (fd == -1)
            fail("TRACE: open", trace_path);
        __real_close(fd);
    }
    watching = trace_path || counting || fault_count;
    if (watching) {
        pthread_key_create(&at_thread_end, leave_buffer);
        pthread_atfork(NULL, NULL, forget_in_child);
    }
}

static void
print_counts(void)
{
    struct rusage usage;

    fprintf(stderr, "%-24s %10s %8s %8s %14s\n", program_invocation_short_name, "calls", "EAGAIN",
            "EINTR", "bytes");
    for (int c = 0; c < CALL_COUNT; c++)
        if (calls_made[c])
            fprintf(stderr, "  %-22s %10ld %8ld %8ld %14ld\n", call_name[c], calls_made[c],
                    not_yet[c], interrupted[c], bytes_moved[c]);
    for (int c = 0; c < CALL_COUNT; c++)
        if (asked[c])
            fprintf(stderr, "  %-22s %10ld %8s %8ld %14s\n", call_name[c], asked[c], "-",
                    asked_in_vain[c], "by io_uring");
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "  slept %ld times\n", usage.ru_nvcsw);
}

/* Also what other threads have recorded; not the calls in which they are asleep. */
__attribute__((destructor)) static void
stop_watching(void)
{
    bool inside = busy; /* a handler that ends the program has interrupted record() */

    busy = true;
    for (struct buffer *b = inside ? NULL : buffers; b; b = b->next) {
        lock(b);
        flush(b);
        unlock(b);
    }
    if (counting)
        print_counts();
}

/* ---- before and after a call ---- */

struct watched {
    enum call call;
    int fd;
    int64_t start;
    long sleeps;
};

/* How often this thread has given up the CPU because it had to wait. See getrusage(2). */
static long
sleeps_so_far(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

/* True when the call is to fail by plan, with errno set; may make *len smaller. */
static bool
begin(struct watched *w, enum call call, int fd, size_t *len)
{
    long n = 1 + atomic_fetch_add(&calls_made[call], 1);
    int saved_errno = errno;

    w->call = call;
    w->fd = fd;
    if (trace_path) {
        w->sleeps = sleeps_so_far();
        w->start = now_ns();
        errno = saved_errno;
    }
    return fault_count && fails_by_plan(call, n, fd, len);
}

static void
end(const struct watched *w, long result)
{
    int error = result == -1 ? errno : 0;

    if (error == EAGAIN)
        not_yet[w->call]++;
    else if (error == EINTR)
        interrupted[w->call]++;
    else if (result > 0 && moves_bytes(w->call))
        atomic_fetch_add(&bytes_moved[w->call], result);
    if (trace_path && !plays) {
        struct event event = {
            .call = w->call,
            .waited = sleeps_so_far() > w->sleeps,
            .fd = w->fd,
            .error = error,
            .result = result,
            .start = w->start,
            .end = now_ns(),
        };

        record(&event);
    }
    if (error)
        errno = error;
}

bool
watch_tracing(void)
{
    return trace_path != NULL;
}

void
watch_record(int lane, const char *what, bool waiting, int64_t start, int64_t end)
{
    struct event event = {
        .call = NO_CALL, .waited = waiting, .lane = lane, .start = start, .end = end};

    if (!trace_path)
        return;
    snprintf(event.what, sizeof event.what, "%s", what);
    record(&event);
}

void
watch_name_lane(int lane, const char *name)
{
    if (trace_path)
        plays = true;
    watch_record(lane, name, false, 0, 0);
}

/* ---- the calls ---- */

#define WATCHED(type, call, params, args, fd, len)                                                 \
    type __real_##call params;                                                                     \
    type __wrap_##call params;                                                                     \
    type __wrap_##call params                                                                      \
    {                                                                                              \
        struct watched w;                                                                          \
        type result;                                                                               \
                                                                                                   \
        if (!watching)                                                                             \
            return __real_##call args;                                                             \
        result = begin(&w, CALL_##call, fd, len) ? -1 : __real_##call args;                        \
        end(&w, result);                                                                           \
        return result;                                                                             \
    }

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
/*
 * ThreadSanitizer knows that EPOLL_CTL_ADD happens before the epoll_wait() that tells of it, but
 * not that EPOLL_CTL_MOD does, with which a descriptor is re-armed, and handed on to another
 * thread. So it is told here. The call goes to the kernel by itself: else it would be noted as a
 * use of the descriptor, which whoever is told of it may be closing already.
 */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
long __real_syscall(long number, ...);

static char handed_on[1024]; /* by epoll instance */

static int
epoll_ctl_for_tsan(int epoll, int op, int fd, struct epoll_event *event)
{
    if (op != EPOLL_CTL_MOD)
        return __real_epoll_ctl(epoll, op, fd, event);
    __tsan_release(&handed_on[epoll & 1023]);
    return (int)__real_syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

static int
epoll_wait_for_tsan(int fd, struct epoll_event *events, int most, int ms)
{
    int ready = __real_epoll_wait(fd, events, most, ms);

    if (ready > 0)
        __tsan_acquire(&handed_on[fd & 1023]);
    return ready;
}

#define __real_epoll_ctl epoll_ctl_for_tsan
#define __real_epoll_wait epoll_wait_for_tsan
#endif
#endif

/* clang-format off */
WATCHED(int, accept, (int fd, struct sockaddr *addr, socklen_t *size), (fd, addr, size), fd, NULL)
WATCHED(int, accept4, (int fd, struct sockaddr *addr, socklen_t *size, int flags),
        (fd, addr, size, flags), fd, NULL)
WATCHED(int, connect, (int fd, const struct sockaddr *addr, socklen_t size), (fd, addr, size), fd,
        NULL)
WATCHED(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len), fd, &len)
WATCHED(ssize_t, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags), fd, &len)
WATCHED(ssize_t, recvfrom,
        (int fd, void *buf, size_t len, int flags, struct sockaddr *addr, socklen_t *size),
        (fd, buf, len, flags, addr, size), fd, &len)
WATCHED(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), fd,
        NULL)
WATCHED(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len), fd, &len)
WATCHED(ssize_t, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags), fd,
        &len)
WATCHED(ssize_t, sendto,
        (int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
         socklen_t size),
        (fd, buf, len, flags, addr, size), fd, &len)
WATCHED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
        fd, NULL)
WATCHED(ssize_t, sendfile, (int to, int from, off_t *offset, size_t len), (to, from, offset, len),
        to, &len)
WATCHED(int, poll, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms), -1, NULL)
WATCHED(int, ppoll,
        (struct pollfd * fds, nfds_t count, const struct timespec *limit, const sigset_t *mask),
        (fds, count, limit, mask), -1, NULL)
WATCHED(int, select, (int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *limit),
        (count, in, out, other, limit), -1, NULL)
WATCHED(int, pselect,
        (int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *limit,
         const sigset_t *mask),
        (count, in, out, other, limit, mask), -1, NULL)
WATCHED(int, epoll_wait, (int fd, struct epoll_event *events, int most, int ms),
        (fd, events, most, ms), fd, NULL)
WATCHED(int, epoll_pwait,
        (int fd, struct epoll_event *events, int most, int ms, const sigset_t *mask),
        (fd, events, most, ms, mask), fd, NULL)
WATCHED(int, epoll_ctl, (int epoll, int op, int fd, struct epoll_event *event),
        (epoll, op, fd, event), fd, NULL)
WATCHED(int, socket, (int family, int type, int protocol), (family, type, protocol), -1, NULL)
WATCHED(int, shutdown, (int fd, int how), (fd, how), fd, NULL)
WATCHED(int, close, (int fd), (fd), fd, NULL)
WATCHED(pid_t, fork, (void), (), -1, NULL)
WATCHED(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1, NULL)
WATCHED(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left), -1,
        NULL)
WATCHED(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info), (set, info), -1, NULL)
WATCHED(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *limit),
        (set, info, limit), -1, NULL)
WATCHED(int, sigsuspend, (const sigset_t *mask), (mask), -1, NULL)
WATCHED(int, pause, (void), (), -1, NULL)
WATCHED(int, sem_wait, (sem_t * semaphore), (semaphore), -1, NULL)
WATCHED(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex), -1, NULL)
WATCHED(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex),
        (condition, mutex), -1, NULL)
WATCHED(int, pthread_cond_timedwait,
        (pthread_cond_t * condition, pthread_mutex_t *mutex, const struct timespec *until),
        (condition, mutex, until), -1, NULL)
WATCHED(int, pthread_join, (pthread_t thread, void **result_of), (thread, result_of), -1, NULL)
/* clang-format on */

/* Of several pieces, a call that is cut short moves (part of) the first. */
#define WATCHED_PIECES(call)                                                                       \
    ssize_t __real_##call(int fd, const struct iovec *pieces, int count);                          \
    ssize_t __wrap_##call(int fd, const struct iovec *pieces, int count);                          \
    ssize_t __wrap_##call(int fd, const struct iovec *pieces, int count)                           \
    {                                                                                              \
        struct watched w;                                                                          \
        struct iovec first;                                                                        \
        ssize_t result = -1;                                                                       \
                                                                                                   \
        if (!watching || count < 1)                                                                \
            return __real_##call(fd, pieces, count);                                               \
        first = pieces[0];                                                                         \
        if (!begin(&w, CALL_##call, fd, &first.iov_len))                                           \
            result = first.iov_len == pieces[0].iov_len ? __real_##call(fd, pieces, count)         \
                                                        : __real_##call(fd, &first, 1);            \
        end(&w, result);                                                                           \
        return result;                                                                             \
    }

WATCHED_PIECES(readv)
WATCHED_PIECES(writev)

/* ---- requests to an io_uring ---- */

/*
 * What is to be done stands in memory that the program shares with the kernel: we have it mapped,
 * too, and look at it when it is handed over. There a request can be cut short; one that is to fail
 * becomes one to do nothing and to say so (Linux 6.10 and later).
 */
static struct watched_ring {
    int fd;
    _Atomic unsigned *head, *tail;
    unsigned *order, mask;
    struct io_uring_sqe *sqes;
    unsigned looked; /* up to here we have seen them */
} rings[8];

static void
get_to_know(int fd, long params)
{
    const struct io_uring_params *p = (const struct io_uring_params *)params;
    const int rw = PROT_READ | PROT_WRITE;
    struct watched_ring *r = &rings[0];
    char *ring;
    void *sqes;

    for (size_t i = 0; i < sizeof rings / sizeof rings[0] && r->sqes && r->fd != fd; i++)
        r = &rings[i];
    ring = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(unsigned), rw, MAP_SHARED, fd,
                IORING_OFF_SQ_RING);
    sqes = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe), rw, MAP_SHARED, fd,
                IORING_OFF_SQES);
    if (ring == MAP_FAILED || sqes == MAP_FAILED)
        return;
    *r = (struct watched_ring){
        .fd = fd,
        .head = (_Atomic unsigned *)(void *)(ring + p->sq_off.head),
        .tail = (_Atomic unsigned *)(void *)(ring + p->sq_off.tail),
        .order = (unsigned *)(void *)(ring + p->sq_off.array),
        .mask = p->sq_entries - 1,
        .sqes = sqes,
    };
}

static enum call
call_asked_for(const struct io_uring_sqe *sqe)
{
    switch (sqe->opcode) {
    case IORING_OP_ACCEPT:
        return CALL_accept;
    case IORING_OP_CONNECT:
        return CALL_connect;
    case IORING_OP_READ:
        return CALL_read;
    case IORING_OP_WRITE:
        return CALL_write;
    case IORING_OP_RECV:
        return CALL_recv;
    case IORING_OP_SEND:
        return CALL_send;
    default:
        return NO_CALL;
    }
}

/* Says in the place of the kernel that it went wrong; flag 1 is IORING_NOP_INJECT_RESULT. */
static void
ask_for_failure(struct io_uring_sqe *sqe)
{
    *sqe = (struct io_uring_sqe){.opcode = IORING_OP_NOP,
                                 .len = (unsigned)-errno,
                                 .rw_flags = 1,
                                 .user_data = sqe->user_data};
}

static void
look_at(struct io_uring_sqe *sqe)
{
    enum call call = call_asked_for(sqe);
    bool any_size = sqe->flags & IOSQE_BUFFER_SELECT && sqe->len == 0;
    size_t given = any_size ? 4096 : sqe->len, len = given;

    if (call == NO_CALL)
        return;
    if (fails_by_plan(call, 1 + atomic_fetch_add(&asked[call], 1), sqe->fd, &len)) {
        asked_in_vain[call] += errno == EINTR;
        ask_for_failure(sqe);
    } else if (len != given) {
        sqe->len = (unsigned)len;
    }
}

/* As many of `count` as there are: those that were not taken last time we have seen. */
static void
look_at_requests(int fd, unsigned count)
{
    int saved_errno = errno;

    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        struct watched_ring *r = &rings[i];
        unsigned head, there;

        if (!r->sqes || r->fd != fd)
            continue;
        head = atomic_load_explicit(r->head, memory_order_acquire);
        there = atomic_load_explicit(r->tail, memory_order_acquire) - head;
        if ((int)(r->looked - head) < 0)
            r->looked = head;
        for (; (int)(head + (count < there ? count : there) - r->looked) > 0; r->looked++)
            look_at(&r->sqes[r->order[r->looked & r->mask]]);
    }
    errno = saved_errno;
}

static enum call
call_of(long number)
{
    switch (number) {
    case SYS_io_uring_setup:
        return CALL_io_uring_setup;
    case SYS_io_uring_enter:
        return CALL_io_uring_enter;
    case SYS_io_uring_register:
        return CALL_io_uring_register;
    default:
        return CALL_syscall;
    }
}

/* syscall(2) takes up to six more; those that are not there are read from the registers all the
 * same. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

__attribute__((no_sanitize("address"))) /* the sixth may lie where nothing was passed */
long
__wrap_syscall(long number, ...)
{
    struct watched w;
    long a[6], result;
    enum call call;
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (!watching)
        return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    call = call_of(number);
    if (begin(&w, call, call == CALL_io_uring_enter ? (int)a[0] : -1, NULL)) {
        result = -1;
    } else {
        if (call == CALL_io_uring_enter)
            look_at_requests((int)a[0], (unsigned)a[1]);
        result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (call == CALL_io_uring_setup && result >= 0)
            get_to_know((int)result, a[1]);
    }
    end(&w, result);
    return result;
}

/* A child that leaves by _exit() runs no destructors; what it has recorded is written here. */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void
__wrap__exit(int status)
{
    if (watching)
        stop_watching();
    __real__exit(status);
}
