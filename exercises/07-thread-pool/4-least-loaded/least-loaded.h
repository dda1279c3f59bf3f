/*
 * least-loaded.h - which of the workers, each with a queue of its own, gets the next task?
 *
 * A dealer keeps count of the tasks that each worker has, whether they wait in its queue or one of
 * them is being run. It knows of no queue, no thread and no task: only numbers. All calls may be
 * made by any thread, many at the same time: dealers choose, and workers are done.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NOBODY ((size_t)-1)

struct dealer; /* what is in it is your affair */

/*
 * For `workers` workers, numbered from 0, each of which may have `most` tasks; both are 1 or more.
 * None has a task yet. NULL: there is no memory.
 */
struct dealer *dealer_open(size_t workers, size_t most);

/* Frees it. Nobody may be in a call on it, or call again. NULL does no harm. */
void dealer_free(struct dealer *d);

/*
 * Chooses a worker for one task, which that worker has from now on: of those that are not away, the
 * one that has the fewest. Among several that have equally few it is the one that was chosen
 * longest ago; those never chosen come before all others, and of those the lowest number. NOBODY:
 * each that is not away has as many as it may, or all are away.
 */
size_t dealer_choose(struct dealer *d);

/* A task of `worker` is done: it has one fewer. Only to be called for one that it has. */
void dealer_done(struct dealer *d, size_t worker);

/*
 * From now on `worker` is away, and is not chosen; or it is back. While it is away it goes on with
 * the tasks that it has, and they are counted as before.
 */
void dealer_away(struct dealer *d, size_t worker, bool away);

/* How many tasks `worker` had a moment ago. */
size_t dealer_load(struct dealer *d, size_t worker);
