/*
 * bench-theirs.c - the same work for the threads of libuv, which has one queue with one lock, too
 *
 * That a task has ended is told by an eventfd, in its loop: this is what a server in one loop has
 * to do as well, and what a future is spared.
 */
#include "bench.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { MOST_AT_ONCE = 1000 };

static uv_work_t works[MOST_AT_ONCE];

static void
note(uv_work_t *work)
{
    *(int64_t *)work->data = now_ns();
}

static void
nothing(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

/* Its threads are made once, four of them, by the first task. */
static void
open_uv(int workers)
{
    (void)workers;
}

static void
run_uv(int count, int64_t *begun)
{
    for (int i = 0; i < count; i++) {
        works[i].data = &begun[i];
        if (uv_queue_work(uv_default_loop(), &works[i], note, nothing) != 0) {
            fprintf(stderr, "bench: uv_queue_work failed\n");
            exit(1);
        }
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static void
close_uv(void)
{
}

const struct way theirs = {"libuv, 4 workers", open_uv, run_uv, close_uv};
