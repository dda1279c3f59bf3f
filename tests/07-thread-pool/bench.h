/*
 * bench.h - a way to have something done by other threads, as bench.c measures it
 */
#pragma once

#include <stdint.h>

struct way {
    const char *name;
    void (*open)(int workers);
    /* Submits `count` tasks, which do nothing but note when they began, and waits for all. */
    void (*run)(int count, int64_t *begun);
    void (*close)(void);
};
