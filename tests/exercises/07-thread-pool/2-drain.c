/*
 * 2-drain.c - gives a pool tasks that wait at a gate, and notes when it says that it has stopped
 *
 * usage: drain SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was done and what was expected.
 *
 * No clock decides: as long as one thread is awake, something may still happen. When all have been
 * asleep for a while, nobody is left who could wake one up.
 */
#include "clock.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct task {
    void (*run)(void *owner);
    void *owner;
    struct task *next;
};

void pool_start(int workers);
bool pool_submit(struct task *task);
void pool_stop(void);

enum {
    MOST = 100,
    ROUNDS = 100,
    AGAIN = 6,
    ASLEEP_MS = 60,
    QUIET_MS = 200,
    MOST_THREADS = 32,
    MOST_TURNS = 2000
};

static sem_t gate;                   /* some tasks wait at it */
static atomic_int begun, held, done; /* tasks; those at the gate; those that are done */
static int order[MOST];              /* in which they were done */
static atomic_int stopped;           /* pool_stop() has returned */
static atomic_int done_then;         /* how many were done at that moment */
static atomic_int answer;            /* of a submit by a task: 1 taken, 2 refused */
static atomic_int in_vain;           /* how often a sleeper is woken up for nothing */
static const atomic_int never;       /* what never happens: until all sleep */

static void
did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("did: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
}

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("expected: %s\ngot: ", expected);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    _exit(1); /* others may sleep for ever */
}

/* ---- tasks ---- */

static struct task tasks[MOST], one_more;
static int numbers[MOST];

static void
run_quickly(void *owner)
{
    int place = begun++;

    if (place < MOST)
        order[place] = *(int *)owner;
    done++;
}

static void
run_at_the_gate(void *owner)
{
    held++;
    while (sem_wait(&gate) == -1) /* EINTR */
        ;
    run_quickly(owner);
}

static void
run_and_submit(void *owner)
{
    run_at_the_gate(owner);
    answer = pool_submit(&one_more) ? 1 : 2;
}

/* The task is its owner's again when it is run: its memory may be filled with something else. */
static void
run_once_more(void *owner)
{
    struct task *task = owner;

    begun++;
    memset(task, 0xff, sizeof *task);
    if (++done < AGAIN) {
        *task = (struct task){.run = run_once_more, .owner = task, .next = task};
        answer = pool_submit(task) ? 1 : 2;
    }
}

/* Or give it back. */
static void
run_and_vanish(void *owner)
{
    begun++;
    done++;
    munmap(owner, sizeof(struct task));
}

static bool
submit(int number, void (*run)(void *))
{
    numbers[number] = number;
    tasks[number] = (struct task){.run = run, .owner = &numbers[number]};
    return pool_submit(&tasks[number]);
}

static void
must_be_taken(int number, void (*run)(void *))
{
    if (!submit(number, run))
        wrong("pool_submit() is true: the pool is not stopping", "false");
}

/* ---- what the functions meet ---- */

/* It may return for no reason; the first `in_vain` times it does. See pthread_cond_wait(3). */
int
pthread_cond_wait(pthread_cond_t *restrict changed, pthread_mutex_t *restrict lock)
{
    struct timespec until;
    int result;

    if (in_vain-- > 0) {
        pthread_mutex_unlock(lock);
        sleep_ms(1);
        return pthread_mutex_lock(lock);
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1000;
    result = pthread_cond_timedwait(changed, lock, &until);
    return result == ETIMEDOUT ? 0 : result;
}

/* ---- threads ---- */

static int
thread_count(bool *all_asleep)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;

    *all_asleep = true;
    while (folder && (entry = readdir(folder))) {
        char name[300], line[300] = "", *behind;
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        n++;
        if (atoi(entry->d_name) == getpid())
            continue; /* this one */
        snprintf(name, sizeof name, "/proc/self/task/%s/stat", entry->d_name);
        file = fopen(name, "r");
        behind = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        if (file)
            fclose(file);
        if (!behind || behind[2] != 'S')
            *all_asleep = false;
    }
    if (folder)
        closedir(folder);
    return n;
}

/* Until `*what` is `enough`, or until all others have been asleep for a while. */
static void
settle(const atomic_int *what, int enough)
{
    int still = 0, turns = 0;
    bool asleep;

    while (*what < enough && still < ASLEEP_MS) {
        sleep_ms(1);
        thread_count(&asleep);
        still = asleep ? still + 1 : 0;
        if (++turns > MOST_TURNS)
            wrong("who has nothing to do sleeps", "it uses the CPU, and does not end");
    }
}

/* The threads that there are. */
static int
list_threads(pid_t threads[])
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;

    while (folder && n < MOST_THREADS && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            threads[n++] = atoi(entry->d_name);
    if (folder)
        closedir(folder);
    return n;
}

/* How often those that were not there before have gone to sleep. */
static long
times_asleep(const pid_t before[], int count)
{
    pid_t threads[MOST_THREADS];
    int n = list_threads(threads);
    long sum = 0, times;

    for (int i = 0; i < n; i++) {
        char text[200];
        bool is_new = true;
        FILE *file;

        for (int k = 0; k < count; k++)
            is_new &= threads[i] != before[k];
        snprintf(text, sizeof text, "/proc/self/task/%d/status", threads[i]);
        file = is_new ? fopen(text, "r") : NULL;
        while (file && fgets(text, sizeof text, file))
            if (sscanf(text, "voluntary_ctxt_switches: %ld", &times) == 1)
                sum += times;
        if (file)
            fclose(file);
    }
    return sum;
}

static void
until_held(int n)
{
    settle(&held, n);
    if (held < n)
        wrong("a worker that has nothing to do runs the oldest task that waits",
              "all threads sleep; tasks that have begun: %d", (int)held);
}

static void *
stop(void *unused)
{
    pool_stop();
    done_then = done;
    stopped = true;
    return unused;
}

static void
begin_to_stop(void)
{
    pthread_t thread;

    did("pool_stop(), by a thread of its own");
    stopped = false;
    errno = pthread_create(&thread, NULL, stop, NULL);
    if (errno)
        fail("pthread_create", NULL);
    pthread_detach(thread);
}

static void
must_not_have_stopped(const char *why)
{
    settle(&stopped, true);
    if (stopped)
        wrong(why, "it has returned");
}

static void
open_gate(int n)
{
    did("the gate is opened");
    for (int i = 0; i < n; i++)
        sem_post(&gate);
}

static void
must_stop(int tasks_taken)
{
    settle(&stopped, true);
    if (!stopped)
        wrong("pool_stop() returns: all is done", "everybody sleeps, and it has not returned");
    if (done_then != tasks_taken)
        wrong("when pool_stop() returns, all tasks that were taken are done",
              "%d were taken, %d are done", tasks_taken, (int)done_then);
}

/* ---- the plays ---- */

static void
play_before(void)
{
    did("one worker, 10 tasks");
    pool_start(1);
    for (int i = 0; i < 10; i++)
        must_be_taken(i, run_quickly);
    for (int i = 0; i < 5000 && done < 10; i++)
        sleep_ms(1);
    if (done < 10)
        wrong("all are run", "%d of them", (int)done);
    for (int i = 0; i < 10; i++)
        if (order[i] != i)
            wrong("in the order in which they came", "task %d after %d others", order[i], i);
}

static void
play_waiting(void)
{
    did("pool_start(1); then task 0, which will wait at a gate");
    pool_start(1);
    must_be_taken(0, run_at_the_gate);
    until_held(1);
    did("task 0 waits there; then tasks 1 to 5");
    for (int i = 1; i <= 5; i++)
        must_be_taken(i, run_quickly);
    begin_to_stop();
    must_not_have_stopped("pool_stop() waits: six tasks were taken, and none is done");
    open_gate(1);
    must_stop(6);
    for (int i = 0; i < 6; i++)
        if (order[i] != i)
            wrong("in the order in which they came", "task %d after %d others", order[i], i);
}

static void
play_rounds(void)
{
    did("three workers sleep, for there is nothing to do");
    pool_start(3);
    settle(&never, 1);
    begin_to_stop();
    must_stop(0);
    did("%d times: pool_start(3), 10 tasks, pool_stop()", ROUNDS);
    for (int round = 0; round < ROUNDS; round++) {
        begun = done = 0;
        stopped = false;
        pool_start(3);
        for (int i = 0; i < 10; i++)
            must_be_taken(i, run_quickly);
        pool_stop();
        done_then = done;
        stopped = true;
        must_stop(10);
    }
}

static void
play_begun(void)
{
    did("pool_start(3); then two tasks, which will wait at a gate");
    pool_start(3);
    must_be_taken(0, run_at_the_gate);
    must_be_taken(1, run_at_the_gate);
    until_held(2);
    did("both wait there, and none is in the queue");
    begin_to_stop();
    must_not_have_stopped("pool_stop() waits: two tasks have begun, and are not done");
    open_gate(1);
    must_not_have_stopped("pool_stop() waits: a task has begun, and is not done");
    open_gate(1);
    must_stop(2);
}

static void *
nothing(void *unused)
{
    return unused;
}

static void
play_asleep(void)
{
    pid_t old[MOST_THREADS];
    bool asleep;
    int before, after = 0;
    long times;
    pthread_t thread;

    if (pthread_create(&thread, NULL, nothing, NULL) == 0) /* ThreadSanitizer makes one, too */
        pthread_join(thread, NULL);
    before = list_threads(old);
    did("four workers sleep, for there is nothing to do");
    pool_start(4);
    settle(&never, 1);
    times = times_asleep(old, before);
    sleep_ms(QUIET_MS);
    times = times_asleep(old, before) - times;
    if (times > 0)
        wrong("who has nothing to do sleeps until there is something",
              "in %d ms they have woken up %ld times", QUIET_MS, times);
    begin_to_stop();
    must_stop(0);
    for (int i = 0; i < 500; i++) { /* a thread that was joined may be seen for a moment longer */
        after = thread_count(&asleep);
        if (after <= before)
            return;
        sleep_ms(1);
    }
    wrong("when pool_stop() has returned no worker is left", "%d of 4 are", after - before);
}

static void
play_refused(void)
{
    did("pool_start(2); then tasks 0 and 1, which will wait at a gate");
    pool_start(2);
    must_be_taken(0, run_and_submit);
    must_be_taken(1, run_at_the_gate);
    until_held(2);
    did("both wait there; then tasks 2 and 3");
    must_be_taken(2, run_quickly);
    must_be_taken(3, run_quickly);
    one_more = (struct task){.run = run_quickly, .owner = &numbers[0]};
    begin_to_stop();
    must_not_have_stopped("pool_stop() waits: four tasks were taken, and none is done");
    did("pool_submit(), while tasks of before still wait");
    if (submit(4, run_quickly))
        wrong("false: from when the end is told no task is taken", "true");
    open_gate(2);
    must_stop(4);
    did("task 0 has called pool_submit(), too, when it was let through");
    if (answer != 2)
        wrong("false: from when the end is told no task is taken", "true");
    did("pool_submit(), when it has stopped");
    if (submit(5, run_quickly))
        wrong("false: nobody would run it", "true");
}

/* A worker sleeps for each of the two tasks: to wake up one leaves the other asleep. */
static void
play_both(void)
{
    pool_start(2);
    settle(&never, 1);
    did("two workers sleep; then two tasks, which will wait at a gate");
    must_be_taken(0, run_at_the_gate);
    must_be_taken(1, run_at_the_gate);
    settle(&held, 2);
    if (held < 2)
        wrong("both begin: for each there is a worker who sleeps",
              "all threads sleep; tasks that have begun: %d", (int)held);
    begin_to_stop();
    open_gate(2);
    must_stop(2);
}

static void
play_in_vain(void)
{
    did("(who sleeps in pthread_cond_wait() is woken up once for nothing)");
    in_vain = 2;
    play_both();
}

static void
play_once_more(void)
{
    did("one worker; a task that submits itself anew, %d times in all", AGAIN);
    pool_start(1);
    tasks[0] = (struct task){.run = run_once_more, .owner = &tasks[0], .next = &tasks[0]};
    if (!pool_submit(&tasks[0]))
        wrong("pool_submit() is true: the pool is not stopping", "false");
    settle(&never, 1); /* until the worker has nothing to do */
    if (done != AGAIN)
        wrong("each time that it is taken it is run once", "it has been run %d times", (int)done);
}

static void
play_vanish(void)
{
    void *memory =
        mmap(NULL, sizeof(struct task), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct task *task = memory;

    if (memory == MAP_FAILED)
        fail("mmap", NULL);
    did("one worker; a task that gives back its own memory: who touches it then gets SIGSEGV");
    pool_start(1);
    *task = (struct task){.run = run_and_vanish, .owner = task};
    if (!pool_submit(task))
        wrong("pool_submit() is true: the pool is not stopping", "false");
    settle(&never, 1);
    if (done != 1)
        wrong("it is run once", "it has been run %d times", (int)done);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"before", play_before}, {"waiting", play_waiting}, {"rounds", play_rounds},
    {"begun", play_begun},   {"asleep", play_asleep},   {"refused", play_refused},
    {"both", play_both},     {"in-vain", play_in_vain}, {"once-more", play_once_more},
    {"vanish", play_vanish},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: drain SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    sem_init(&gate, 0, 0);
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    fflush(stdout);
    _exit(0); /* in play_before the worker sleeps on */
}
