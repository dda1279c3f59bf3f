/*
 * least-loaded.c - a count and a moment for each worker, and a look at all of them
 *
 * Run:    make, then build/least-loaded ties (gdb --args build/least-loaded ties)
 * Test:   make test
 * Book:   07-thread-pool, "Who gets the task"
 */
#include "least-loaded.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
    size_t load;
    unsigned long chosen; /* the number of the choice that fell on it last; 0: never */
    bool away;
};

struct dealer {
    pthread_mutex_t lock; /* guards all below */
    unsigned long choices;
    size_t most, count;
    struct worker workers[];
};

struct dealer *
dealer_open(size_t workers, size_t most)
{
    struct dealer *d = calloc(1, sizeof *d + workers * sizeof d->workers[0]);

    if (!d)
        return NULL;
    pthread_mutex_init(&d->lock, NULL);
    d->count = workers;
    d->most = most;
    return d;
}

void
dealer_free(struct dealer *d)
{
    if (d)
        pthread_mutex_destroy(&d->lock);
    free(d);
}

static bool
is_better(const struct worker *a, const struct worker *b)
{
    return a->load < b->load || (a->load == b->load && a->chosen < b->chosen);
}

size_t
dealer_choose(struct dealer *d)
{
    size_t best = NOBODY;

    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->count; i++) {
        const struct worker *w = &d->workers[i];

        if (!w->away && w->load < d->most && (best == NOBODY || is_better(w, &d->workers[best])))
            best = i;
    }
    if (best != NOBODY) {
        d->workers[best].load++;
        d->workers[best].chosen = ++d->choices;
    }
    pthread_mutex_unlock(&d->lock);
    return best;
}

void
dealer_done(struct dealer *d, size_t worker)
{
    pthread_mutex_lock(&d->lock);
    d->workers[worker].load--;
    pthread_mutex_unlock(&d->lock);
}

void
dealer_away(struct dealer *d, size_t worker, bool away)
{
    pthread_mutex_lock(&d->lock);
    d->workers[worker].away = away;
    pthread_mutex_unlock(&d->lock);
}

size_t
dealer_load(struct dealer *d, size_t worker)
{
    size_t load;

    pthread_mutex_lock(&d->lock);
    load = d->workers[worker].load;
    pthread_mutex_unlock(&d->lock);
    return load;
}
