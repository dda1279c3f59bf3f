/*
 * least-loaded.c - the workers in a row, in the order in which they were chosen: whoever is chosen
 * goes to its end, so the first with the fewest is the one
 *
 * Run:    make, then build/least-loaded ties (gdb --args build/least-loaded ties)
 * Test:   make test
 * Book:   07-thread-pool, "Who gets the task"
 */
#include "least-loaded.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct dealer {
    pthread_mutex_t lock; /* guards all below */
    size_t count, most;
    size_t *row, *loads;
    bool *away;
};

struct dealer *
dealer_open(size_t workers, size_t most)
{
    struct dealer *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    *d = (struct dealer){.count = workers,
                         .most = most,
                         .row = calloc(workers, sizeof *d->row),
                         .loads = calloc(workers, sizeof *d->loads),
                         .away = calloc(workers, sizeof *d->away)};
    pthread_mutex_init(&d->lock, NULL);
    if (!d->row || !d->loads || !d->away) {
        dealer_free(d);
        return NULL;
    }
    for (size_t i = 0; i < workers; i++)
        d->row[i] = i;
    return d;
}

void
dealer_free(struct dealer *d)
{
    if (!d)
        return;
    pthread_mutex_destroy(&d->lock);
    free(d->row);
    free(d->loads);
    free(d->away);
    free(d);
}

size_t
dealer_choose(struct dealer *d)
{
    size_t place = NOBODY, best = NOBODY, least;

    pthread_mutex_lock(&d->lock);
    least = d->most;
    for (size_t i = 0; i < d->count; i++)
        if (!d->away[d->row[i]] && d->loads[d->row[i]] < least) {
            place = i;
            least = d->loads[d->row[i]];
        }
    if (place != NOBODY) {
        best = d->row[place];
        memmove(d->row + place, d->row + place + 1, (d->count - place - 1) * sizeof *d->row);
        d->row[d->count - 1] = best;
        d->loads[best]++;
    }
    pthread_mutex_unlock(&d->lock);
    return best;
}

void
dealer_done(struct dealer *d, size_t worker)
{
    pthread_mutex_lock(&d->lock);
    d->loads[worker]--;
    pthread_mutex_unlock(&d->lock);
}

void
dealer_away(struct dealer *d, size_t worker, bool away)
{
    pthread_mutex_lock(&d->lock);
    d->away[worker] = away;
    pthread_mutex_unlock(&d->lock);
}

size_t
dealer_load(struct dealer *d, size_t worker)
{
    size_t load;

    pthread_mutex_lock(&d->lock);
    load = d->loads[worker];
    pthread_mutex_unlock(&d->lock);
    return load;
}
