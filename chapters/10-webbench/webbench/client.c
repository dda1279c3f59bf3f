#include "client.h"

#include "clock.h"
#include "error.h"
#include "io.h"
#include "judge.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { REST = 10 }; /* ms after a failure, which else would come back a million times */

/* ---- the alarm for a clock ---- */

static volatile sig_atomic_t time_is_up;

static void
on_alarm(int signal)
{
    (void)signal;
    time_is_up = 1;
}

/*
 * An alarm that comes just before a read() goes to sleep does not wake it: with alarm(2), which
 * rings once, a client can sleep for ever there. So this one rings again and again.
 */
static void
set_alarm(int64_t ns)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART: it ends a read() */
    struct itimerval alarm = {.it_interval.tv_usec = 10000};

    if (ns < NS_PER_MS)
        ns = NS_PER_MS; /* 0 would be no alarm at all */
    alarm.it_value.tv_sec = ns / NS_PER_SECOND;
    alarm.it_value.tv_usec = ns % NS_PER_SECOND / 1000;
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    check(setitimer(ITIMER_REAL, &alarm, NULL), "setitimer");
}

/* Whoever has heard it is not to be woken up again and again while he reports. */
static void
stop_alarm(void)
{
    struct itimerval never = {0};

    setitimer(ITIMER_REAL, &never, NULL);
}

/* ---- one request ---- */

/* A connect() that a signal has cut short goes on in the kernel; to call it again waits for it. */
static int
connect_to(const struct plan *plan)
{
    int fd = socket(plan->server.ss_family, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    while (connect(fd, (const struct sockaddr *)&plan->server, plan->server_len) == -1)
        if (errno != EINTR || time_is_up) {
            int error = errno;

            if (error == EISCONN)
                break;
            close(fd);
            errno = error;
            return -1;
        }
    return fd;
}

/* Reads until the server ends the connection. STEPS: it has; RECEIVE: it failed, or it is time. */
static enum step
read_to_end(int fd, struct head *head, uint64_t *bytes)
{
    char rest[16384]; /* what comes behind the head is counted, and forgotten */

    while (!time_is_up) {
        size_t room = sizeof head->text - 1 - head->len;
        ssize_t n = room > 0 ? read(fd, head->text + head->len, room) : read(fd, rest, sizeof rest);

        switch (io_result(n)) {
        case IO_DATA:
            head->len += room > 0 ? (size_t)n : 0;
            *bytes += (uint64_t)n;
            break;
        case IO_END:
            return STEPS;
        case IO_NOT_YET:
        case IO_INTERRUPTED:
            break;
        case IO_FAILED:
            return RECEIVE;
        }
    }
    return RECEIVE;
}

/* Returns the step at which it failed; STEPS: at none. */
static enum step
ask(const struct plan *plan, struct head *head, uint64_t *bytes)
{
    int fd = connect_to(plan), error;
    enum step step = STEPS;

    if (fd == -1)
        return CONNECT;
    if (write_all(fd, plan->request, (size_t)plan->request_len) != IO_DATA)
        step = SEND;
    else if (plan->http == HTTP_09 && shutdown(fd, SHUT_WR) == -1)
        step = SEND; /* without a blank line, so it says that its request ends here */
    else if (!plan->force)
        step = read_to_end(fd, head, bytes);
    error = errno;
    close(fd);
    errno = error;
    return step;
}

void
ask_until(int64_t deadline, const struct plan *plan, struct tally *tally)
{
    static struct head head;

    set_alarm(deadline - now_ns());
    while (!time_is_up) {
        uint64_t bytes = head.len = 0;
        enum step step = ask(plan, &head, &bytes);

        if (step != STEPS && time_is_up) {
            tally->unfinished++;
            break;
        }
        tally->bytes += bytes;
        if (step == STEPS) {
            tally->susceed++;
            tally->answers[judge(plan, &head, bytes)]++;
        } else {
            tally->failed[step]++;
            tally->error = errno;
            sleep_ms(REST);
        }
    }
    stop_alarm();
}
