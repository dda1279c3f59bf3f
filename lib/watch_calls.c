/*
 * The calls, in place of libc's: the linker has turned each read() of the program into
 * __wrap_read(), and read() itself can be had as __real_read(). See ld(1), --wrap.
 */
#include "watch_inside.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WATCHED(type, call, params, args, fd, len)                                                 \
    type __real_##call params;                                                                     \
    type __wrap_##call params;                                                                     \
    type __wrap_##call params                                                                      \
    {                                                                                              \
        struct watched w;                                                                          \
        type result;                                                                               \
                                                                                                   \
        if (!watch_on)                                                                             \
            return __real_##call args;                                                             \
        result = watch_before(&w, CALL_##call, fd, len) ? -1 : __real_##call args;                 \
        watch_after(&w, result);                                                                   \
        return result;                                                                             \
    }

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
/*
 * ThreadSanitizer knows that EPOLL_CTL_ADD happens before the epoll_wait() that tells of it, but
 * not that EPOLL_CTL_MOD does, by which a descriptor is re-armed, and handed on to another thread.
 * So we tell it here. The call goes straight to the kernel: else it would be noted as a use of the
 * descriptor, which the thread that hears of it may be closing already.
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

int __real_close(int fd);
int __wrap_close(int fd);

int
__wrap_close(int fd)
{
    struct watched w;
    int result;

    if (!watch_on)
        return __real_close(fd);
    watch_before(&w, CALL_close, fd, NULL); /* no plan can make it fail */
    watch_ring_close(fd);
    result = __real_close(fd);
    watch_after(&w, result);
    return result;
}

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
        if (!watch_on || count < 1)                                                                \
            return __real_##call(fd, pieces, count);                                               \
        first = pieces[0];                                                                         \
        if (!watch_before(&w, CALL_##call, fd, &first.iov_len))                                    \
            result = first.iov_len == pieces[0].iov_len ? __real_##call(fd, pieces, count)         \
                                                        : __real_##call(fd, &first, 1);            \
        watch_after(&w, result);                                                                   \
        return result;                                                                             \
    }

WATCHED_PIECES(readv)
WATCHED_PIECES(writev)
