/*
 * bad-shutdown-loses-task.c - workers in the open, which stop when they are told to stop
 *
 * Shows:  a worker looks at the flag before it looks at the queue. What was in the queue when the
 *         flag was set had been accepted, and nobody does it: no error, no message.
 * Run:    build/07-thread-pool/bad-shutdown-loses-task
 * Watch:  each worker finishes what it has begun, and then goes.
 * Twin:   drain.c
 * Book:   07-thread-pool, "What goes wrong"
 */
#include "args.h"
#include "error.h"
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum { WORKERS = 3, TASKS = 12 };

static struct queue *tasks;
static atomic_bool stopping;
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

    while (!stopping && (task = queue_take(tasks)))
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
    stopping = true;
    queue_close(tasks);
    printf("this is the end; %d tasks have been taken\n", TASKS);
    sem_post(&told);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    printf("%d were taken, %d were done, %d are lost\n", TASKS, done, TASKS - done);
    queue_free(tasks);
    return done < TASKS;
}
