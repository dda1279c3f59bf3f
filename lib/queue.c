#include "queue.h"

#include "error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct queue {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    bool closed;
    size_t capacity;
    size_t length;
    size_t first;     /* requests[first] is the oldest; the others follow, round the end */
    void *requests[]; /* `capacity` of them */
};

struct queue *
queue_open(size_t capacity)
{
    struct queue *q = calloc(1, sizeof *q + capacity * sizeof *q->requests);

    if (!q)
        fail("calloc", "a queue");
    q->capacity = capacity;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->not_empty, NULL);
    pthread_cond_init(&q->not_full, NULL);
    return q;
}

/* The caller holds the lock. A request has come: one thread that waits for one wakes up. */
static enum queue_result
put(struct queue *q, void *request)
{
    if (q->closed)
        return QUEUE_CLOSED;
    if (q->length == q->capacity)
        return QUEUE_FULL;
    q->requests[(q->first + q->length++) % q->capacity] = request;
    pthread_cond_signal(&q->not_empty);
    return QUEUE_PUT;
}

/* The caller holds the lock. A place has become free: one thread that waits for one wakes up. */
static void *
take(struct queue *q)
{
    void *request;

    if (q->length == 0)
        return NULL;
    request = q->requests[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->length--;
    pthread_cond_signal(&q->not_full);
    return request;
}

enum queue_result
queue_put(struct queue *q, void *request)
{
    enum queue_result result;

    pthread_mutex_lock(&q->lock);
    while ((result = put(q, request)) == QUEUE_FULL)
        pthread_cond_wait(&q->not_full, &q->lock); /* sleeps without the lock, wakes up with it */
    pthread_mutex_unlock(&q->lock);
    return result;
}

enum queue_result
queue_try_put(struct queue *q, void *request)
{
    enum queue_result result;

    pthread_mutex_lock(&q->lock);
    result = put(q, request);
    pthread_mutex_unlock(&q->lock);
    return result;
}

void *
queue_take(struct queue *q)
{
    void *request;

    pthread_mutex_lock(&q->lock);
    while (!(request = take(q)) && !q->closed)
        pthread_cond_wait(&q->not_empty, &q->lock);
    pthread_mutex_unlock(&q->lock);
    return request;
}

void *
queue_try_take(struct queue *q)
{
    void *request;

    pthread_mutex_lock(&q->lock);
    request = take(q);
    pthread_mutex_unlock(&q->lock);
    return request;
}

size_t
queue_length(struct queue *q)
{
    size_t length;

    pthread_mutex_lock(&q->lock);
    length = q->length;
    pthread_mutex_unlock(&q->lock);
    return length;
}

void
queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty); /* all of them: each has to hear that it is over */
    pthread_cond_broadcast(&q->not_full);
    pthread_mutex_unlock(&q->lock);
}

void
queue_free(struct queue *q)
{
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->not_empty);
    pthread_cond_destroy(&q->not_full);
    free(q);
}
