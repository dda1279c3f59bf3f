/*
 * drain.c - workers in the open, and how one sees them off
 *
 * Shows:  the queue is closed, and the workers go on until it is empty: whoever has been told that
 *         a task is taken can rely on it. That nothing more comes, and that nothing is left, are
 *         two things; only both together are the end.
 * Run:    build/07-thread-pool/drain
 * Watch:  the end is announced while most of the tasks still wait.
 * Breaks: bad-shutdown-loses-task.c
 * Book:   07-thread-pool, "Tasks that get lost"
 */
#include "args.h"
#include "error.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

enum { WORKERS = 3, TASKS = 12 };

static struct queue *tasks;
static atomic_int done;
static sem_t begun; /* posted by each task that begins */
static sem_t told;  /* posted when the end has been announced: until then no task ends */

static void
run(const char *task)
{
    sem_post(&begun);
    sem_wait(&told);
    sem_post(&told);
    done++;
    printf("task %s is done\n", task);
}

static void *
work(void *unused)
{
    char *task;

    while ((task = queue_take(tasks)))
        run(task);
    return unused;
}

int
main(int argc, char **argv)
{
    char names[TASKS][16];
    pthread_t workers[WORKERS];

    parse_args(argc, argv, NULL, "");
    tasks = queue_open(TASKS);
    sem_init(&begun, 0, 0);
    sem_init(&told, 0, 0);
    for (int i = 0; i < WORKERS; i++) {
        errno = pthread_create(&workers[i], NULL, work, NULL);
        if (errno)
            fail("pthread_create", NULL);
    }
    for (int i = 0; i < TASKS; i++) {
        snprintf(names[i], sizeof names[i], "%d", i + 1);
        queue_put(tasks, names[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        sem_wait(&begun); /* each worker is at its first task */
    queue_close(tasks);
    printf("this is the end; %d tasks have been taken\n", TASKS);
    sem_post(&told);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    printf("%d were taken, %d were done, %d are lost\n", TASKS, done, TASKS - done);
    queue_free(tasks);
    return done < TASKS;
}
