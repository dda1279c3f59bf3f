/*
 * The events, and the file that TRACE names.
 *
 * A thread writes its events to a buffer of its own, so that recording takes no lock that the
 * program could wait for. A signal handler may interrupt the recording and be recorded itself:
 * then the thread is `busy`, and the event is left out.
 */
#include "watch_inside.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_EVENTS = 50000, BUFFERED = 256, LANE_TID = 10 * 1000 * 1000 };

static const char *trace_path; /* NULL: there is no trace, or none any more */
static atomic_bool plays;      /* it has lanes of watch_record(): they tell what its calls would */

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

/* ---- the file ---- */

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
                 e->call == NO_CALL ? e->what : watch_call_name[e->call]);

    if (e->call != NO_CALL)
        n += snprintf(out + n, ENTRY - (size_t)n,
                      ",\"args\":{\"fd\":%d,\"result\":%ld,\"errno\":\"%s\"}", e->fd, e->result,
                      e->error ? errno_name(e->error) : "");
    return n + snprintf(out + n, ENTRY - (size_t)n, "}");
}

static const char empty[] = "[\n\n]\n";

enum { CLOSING = 3 }; /* the last bytes of every trace, "\n]\n" */

/* Whatever TRACE names, nothing is written into a file that is not a trace. */
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

/* ---- recording ---- */

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

void
watch_trace_start(const char *path)
{
    int fd;

    trace_path = path;
    if ((fd = open_trace()) == -1)
        fail("TRACE: open", path);
    __real_close(fd);
    pthread_key_create(&at_thread_end, leave_buffer);
}

void
watch_trace_forget(void)
{
    for (struct buffer *b = buffers; b; b = b->next) {
        b->length = 0;
        b->owned = b == own_buffer;
        unlock(b);
    }
    if (own_buffer)
        own_buffer->tid = gettid();
    events_made = 0;
}

void
watch_trace_flush(void)
{
    bool inside = busy; /* a handler that ends the program has interrupted record() */

    busy = true;
    for (struct buffer *b = inside ? NULL : buffers; b; b = b->next) {
        lock(b);
        flush(b);
        unlock(b);
    }
}

/* ---- calls ---- */

/* How often this thread has given up the CPU because it had to wait. See getrusage(2). */
static long
sleeps_so_far(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

void
watch_trace_begin(struct watched *w)
{
    int saved_errno = errno;

    if (!trace_path)
        return;
    w->sleeps = sleeps_so_far();
    w->start = now_ns();
    errno = saved_errno;
}

void
watch_trace_end(const struct watched *w, long result, int error)
{
    struct event event;

    if (!trace_path || plays)
        return;
    event = (struct event){
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

/* ---- lanes ---- */

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
