/*
 * bad-waits-on-itself.c - tasks that wait for other tasks of the same pool
 *
 * Shows:  every worker is busy with a page, and waits for a part. The parts wait, too: for a
 *         worker. No lock is in sight, and yet it is a deadlock. With one worker more it would have
 *         worked, until three pages are asked for at once.
 * Run:    build/07-thread-pool/bad-waits-on-itself
 *         build/07-thread-pool/bad-waits-on-itself -t 600 &
 * Watch:  gdb -p PID -batch -ex 'thread apply all bt': both workers are in future_wait().
 * Twin:   two-pools.c
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

static struct thread_pool *pages;
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
    future_submit(pages, &part);
    future_wait(&part);
    printf("page %s is made\n", (char *)name);
    done++;
    return name;
}

int
main(int argc, char **argv)
{
    const char *seconds = "1";
    const struct own_option own[] = {{'t', "SECONDS", "how long pages may take (1)", &seconds},
                                     {0}};
    struct future page[PAGES] = {{.compute = make_page, .argument = "A"},
                                 {.compute = make_page, .argument = "B"}};
    int64_t end;

    parse_args(argc, argv, own, "");
    end = now_ns() + parse_number(seconds, 1, 3600, "SECONDS") * NS_PER_SECOND;
    pthread_barrier_init(&all_begun, NULL, PAGES);
    pages = thread_pool_open("page", PAGES, ROOM);
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
    thread_pool_free(pages);
    return 0;
}
