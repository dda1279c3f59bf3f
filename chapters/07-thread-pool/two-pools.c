/*
 * two-pools.c - tasks that wait for other tasks, which run in another pool
 *
 * Shows:  a page consists of parts, and the task that makes it waits for the tasks that make them.
 *         The parts have workers of their own, which wait for nobody: so the parts get done, and
 *         whoever waits for them wakes up.
 * Run:    build/07-thread-pool/two-pools
 * Watch:  gdb -p PID -batch -ex 'thread apply all bt', if you are fast enough.
 * Breaks: bad-waits-on-itself.c
 * Book:   07-thread-pool, "What goes wrong"
 */
#include "args.h"
#include "clock.h"
#include "thread_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 2, ROOM = 10 };

static struct thread_pool *pages, *parts;
static pthread_barrier_t all_begun; /* so that the worst moment comes every time */
static atomic_int done;

static void *
make_part(void *name)
{
    printf("a part of page %s is made\n", (char *)name);
    return name;
}

static void *
make_page(void *name)
{
    struct future part = {.compute = make_part, .argument = name};

    pthread_barrier_wait(&all_begun);
    printf("page %s waits for its part\n", (char *)name);
    future_submit(parts, &part);
    future_wait(&part);
    printf("page %s is made\n", (char *)name);
    done++;
    return name;
}

int
main(int argc, char **argv)
{
    const char *seconds = "60";
    const struct own_option own[] = {{'t', "SECONDS", "how long pages may take (60)", &seconds},
                                     {0}};
    struct future page[PAGES] = {{.compute = make_page, .argument = "A"},
                                 {.compute = make_page, .argument = "B"}};
    int64_t end;

    parse_args(argc, argv, own, "");
    end = now_ns() + parse_number(seconds, 1, 3600, "SECONDS") * NS_PER_SECOND;
    pthread_barrier_init(&all_begun, NULL, PAGES);
    pages = thread_pool_open("page", PAGES, ROOM);
    parts = thread_pool_open("part", 1, ROOM);
    setlinebuf(stdout);
    for (int i = 0; i < PAGES; i++)
        future_submit(pages, &page[i]);
    while (done < PAGES && now_ns() < end)
        sleep_ms(10);
    if (done < PAGES) {
        printf("after %s s no page is made: %zu of %zu workers are busy, %zu tasks wait\n", seconds,
               thread_pool_active(pages), thread_pool_workers(pages), thread_pool_waiting(pages));
        exit(1); /* and so it would be for ever */
    }
    thread_pool_shutdown(pages, SHUTDOWN_DRAIN);
    thread_pool_shutdown(parts, SHUTDOWN_DRAIN);
    thread_pool_free(pages);
    thread_pool_free(parts);
    return 0;
}
