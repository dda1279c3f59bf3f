/*
 * choose.c - who gets the task? Four ways to choose a worker, and the same uneven work for all
 *
 * Shows:  whoever deals tasks out must guess: in turn, or by lot, somebody gets too much, and
 *         others have nothing to do. Whoever looks for the shortest queue guesses better. One queue
 *         that all take from needs no guess: whoever is free takes the next.
 * Run:    build/07-thread-pool/choose
 *         build/07-thread-pool/choose -r 1                 the long ones come by chance
 *         build/07-thread-pool/choose -b 50 "round robin"  the queues, every 50 ms
 * Watch:  the busiest worker's share; in turn it is the same every time, to the millisecond.
 * Breaks: steal.c mends what a dealer has guessed wrong.
 * Book:   07-thread-pool, "Who gets the task"
 */
#include "args.h"
#include "uneven.h"

#include <string.h>

static struct thread_pool *pools[WORKERS]; /* each with a queue of its own */
static int pool_count;

/* ---- the ways: which pool gets the next? ---- */

static int
round_robin(void)
{
    static int next;

    return next++ % pool_count;
}

static int
by_lot(void)
{
    return rand() % pool_count;
}

static size_t
load(int i)
{
    return thread_pool_waiting(pools[i]) + thread_pool_active(pools[i]);
}

static int
least_loaded(void)
{
    static int next; /* where to begin: of two that are equal, not always the same */
    int first = next++ % pool_count, least = first;

    for (int i = 1; i < pool_count; i++)
        if (load((first + i) % pool_count) < load(least))
            least = (first + i) % pool_count;
    return least;
}

static const struct way {
    const char *name;
    int (*choose)(void);
    int pools; /* the workers are divided among them */
} ways[] = {{"round robin", round_robin, WORKERS},
            {"random", by_lot, WORKERS},
            {"least loaded", least_loaded, WORKERS},
            {"one shared queue", round_robin, 1}}; /* there is nothing to choose */

/* ---- the dealer ---- */

static void
draw_queues(int64_t began)
{
    static const char bar[] =
        "####################################################################";
    int width = 68 / pool_count - 1;

    printf("%4ld ms ", (long)((now_ns() - began) / NS_PER_MS));
    for (int i = 0; i < pool_count; i++) {
        int length = (int)thread_pool_waiting(pools[i]);

        printf("|%-*.*s", width, length < width ? length : width, bar);
    }
    puts("|");
}

/* False: all is done. */
static bool
is_busy(void)
{
    size_t sum = 0;

    for (int i = 0; i < pool_count; i++)
        sum += load(i);
    return sum > 0;
}

static void
deal_out(const struct way *way, int64_t look_ms)
{
    int64_t began = now_ns(), look = look_ms ? began : INT64_MAX;

    pool_count = way->pools;
    for (int i = 0; i < pool_count; i++)
        pools[i] = thread_pool_open("worker", (size_t)(WORKERS / pool_count), MOST_PIECES);
    for (long i = 0; i < piece_count || is_busy(); i++) {
        if (i < piece_count) {
            pieces[i].come = now_ns();
            thread_pool_submit(pools[way->choose()], &pieces[i].task);
        }
        if (now_ns() >= look) {
            draw_queues(began);
            look += look_ms * NS_PER_MS;
        }
        wait_until(began + (i + 1) * EVERY_MS * NS_PER_MS);
    }
    for (int i = 0; i < pool_count; i++) {
        thread_pool_shutdown(pools[i], SHUTDOWN_DRAIN);
        thread_pool_free(pools[i]);
    }
    print_line(way->name, began);
}

int
main(int argc, char **argv)
{
    const char *count = "80", *look = "0", *seed = "0";
    const struct own_option own[] = {
        {'n', "TASKS", "how many are dealt out (80)", &count},
        {'r', "SEED", "the long ones come by chance (0: every fourth is one)", &seed},
        {'b', "MS", "draw the queues so often (0: not at all)", &look},
        {0}};
    char **only = parse_args(argc, argv, own, "[WAY]");
    long look_ms = parse_number(look, 0, 10000, "MS");
    size_t known = 0;

    make_pieces(parse_number(count, 1, MOST_PIECES, "TASKS"),
                (unsigned)parse_number(seed, 0, 1000000, "SEED"));
    setlinebuf(stdout);
    if (!look_ms)
        print_heading();
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (!*only || strcmp(*only, ways[i].name) == 0) {
            deal_out(&ways[i], look_ms);
            known++;
        }
    if (known == 0)
        return fprintf(stderr, "choose: there is no way called \"%s\"\n", *only), 2;
    return 0;
}
