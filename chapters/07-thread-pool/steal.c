/*
 * steal.c - whoever has nothing left to do takes a task away from another
 *
 * Shows:  80 tasks have been dealt out in turn, and all the long ones went to one worker. Each has
 *         a queue and a lock of its own, so that busy workers do not meet. Only a worker that is
 *         out of work goes to the others, and takes from the far end.
 * Run:    build/07-thread-pool/steal
 *         build/07-thread-pool/steal -r 1                 the long ones come by chance
 * Watch:  how few are stolen, and what that does to "most/mean".
 * Book:   07-thread-pool, "Work stealing"
 */
#include "args.h"
#include "error.h"
#include "uneven.h"

#include <errno.h>
#include <pthread.h>

/*
 * A queue with two ends. Its worker takes the oldest, so that nothing waits for ever; a thief takes
 * the newest, which would have waited longest. (Where tasks make tasks it is the other way round:
 * see Blumofe and Leiserson, 1999.)
 */
static struct deque {
    pthread_mutex_t lock; /* guards all of it */
    struct piece *pieces[MOST_PIECES];
    long oldest, newest; /* pieces[oldest] to pieces[newest - 1] are in it */
} deques[WORKERS];

static bool stealing;
static atomic_long stolen;

static void
put(struct deque *d, struct piece *piece)
{
    pthread_mutex_lock(&d->lock);
    d->pieces[d->newest++] = piece;
    pthread_mutex_unlock(&d->lock);
}

static struct piece *
take_oldest(struct deque *d)
{
    struct piece *piece = NULL;

    pthread_mutex_lock(&d->lock);
    if (d->oldest < d->newest)
        piece = d->pieces[d->oldest++];
    pthread_mutex_unlock(&d->lock);
    return piece;
}

static struct piece *
take_newest(struct deque *d)
{
    struct piece *piece = NULL;

    pthread_mutex_lock(&d->lock);
    if (d->oldest < d->newest)
        piece = d->pieces[--d->newest];
    pthread_mutex_unlock(&d->lock);
    return piece;
}

/* From the first that has something. Its neighbour is asked first: not all go to the same. */
static struct piece *
steal(long thief)
{
    struct piece *piece = NULL;

    for (long i = 1; stealing && i < WORKERS && !piece; i++)
        piece = take_newest(&deques[(thief + i) % WORKERS]);
    if (piece)
        stolen++;
    return piece;
}

/* Nothing is added any more: whoever finds nothing anywhere may go. */
static void *
work(void *own)
{
    struct deque *mine = own;
    struct piece *piece;

    while ((piece = take_oldest(mine)) || (piece = steal(mine - deques)))
        work_on(piece);
    return NULL;
}

static void
run(const char *name)
{
    pthread_t threads[WORKERS];
    int64_t began = now_ns();

    for (int i = 0; i < WORKERS; i++)
        deques[i] = (struct deque){.lock = PTHREAD_MUTEX_INITIALIZER};
    for (long i = 0; i < piece_count; i++) {
        pieces[i].come = began;
        put(&deques[i % WORKERS], &pieces[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        errno = pthread_create(&threads[i], NULL, work, &deques[i]);
        if (errno)
            fail("pthread_create", NULL);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    print_line(name, began);
}

int
main(int argc, char **argv)
{
    const char *count = "80", *seed = "0";
    const struct own_option own[] = {
        {'n', "TASKS", "how many are dealt out (80)", &count},
        {'r', "SEED", "the long ones come by chance (0: every fourth is one)", &seed},
        {0}};

    parse_args(argc, argv, own, "");
    make_pieces(parse_number(count, 1, MOST_PIECES, "TASKS"),
                (unsigned)parse_number(seed, 0, 1000000, "SEED"));
    print_heading();
    run("its own");
    stealing = true;
    run("its own, or steals");
    printf("%ld of %ld tasks were stolen\n", stolen, piece_count);
    return 0;
}
