/*
 * queue.h - a bounded queue of requests between threads
 *
 * A request is a pointer, never NULL; what it points to belongs to the queue's users: to whoever
 * puts it in, and from then on to whoever takes it out. First in, first out. A mutex guards it, and
 * two condition variables tell the two things that somebody may sleep for: "there is a
 * request" and "there is room". All may be called by any thread, and by no signal handler.
 * Chapter 04 opens it.
 */
#pragma once

#include <stddef.h>

struct queue;

/* A queue with room for `capacity` requests, 1 or more; without memory the program ends. */
struct queue *queue_open(size_t capacity);

/* What became of a request that was to be put in. */
enum queue_result {
    QUEUE_PUT,    /* it is in the queue */
    QUEUE_FULL,   /* there is no room; it is still the caller's */
    QUEUE_CLOSED, /* nobody will take it any more; it is still the caller's */
};

/* Puts `request` in, and sleeps as long as there is no room: QUEUE_PUT or QUEUE_CLOSED. */
enum queue_result queue_put(struct queue *q, void *request);

/* The same without sleeping: where there is no room, QUEUE_FULL. */
enum queue_result queue_try_put(struct queue *q, void *request);

/* Takes the oldest request out, and sleeps as long as there is none. NULL: closed, and empty. */
void *queue_take(struct queue *q);

/* The same without sleeping: NULL where there is none now. */
void *queue_try_take(struct queue *q);

/* How many requests were in it a moment ago. */
size_t queue_length(struct queue *q);

/*
 * From now on nothing goes in. What is in it can still be taken; then queue_take() says NULL to
 * everybody. Whoever sleeps in a put or a take wakes up. Closing it twice does no harm.
 */
void queue_close(struct queue *q);

/* Frees it. Nobody may be in a call on it, or call again; requests left in it are lost. */
void queue_free(struct queue *q);
