/*
 * proactor.c - the Proactor of proactor.h
 *
 * Run:    make, then build/proactor read (gdb --args build/proactor read)
 * Test:   make test
 * Book:   06-proactor, "A Proactor with your own hands"
 */
#include "proactor.h"

#include <stdlib.h>

struct proactor {
    int workers; /* TODO: what do the threads share? */
};

struct proactor *
proactor_open(int workers)
{
    struct proactor *p = calloc(1, sizeof *p);

    if (!p)
        abort();
    p->workers = workers;
    return p;
}

void
proactor_read(struct proactor *p, struct operation *o, int fd, char *buf, size_t len)
{
    (void)p;
    o->fd = fd;
    o->buf = buf;
    o->len = len;
}

void
proactor_write(struct proactor *p, struct operation *o, int fd, const char *buf, size_t len)
{
    (void)p;
    o->fd = fd;
    o->buf = (char *)buf;
    o->len = len;
}

void
proactor_run(struct proactor *p)
{
    (void)p;
}

void
proactor_stop(struct proactor *p)
{
    (void)p;
}

void
proactor_free(struct proactor *p)
{
    free(p);
}
