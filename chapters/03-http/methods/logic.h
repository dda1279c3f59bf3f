/*
 * logic.h - the logic unit: what a method asks for, what of, and what is answered
 */
#pragma once

#include "../request.h"
#include "../response.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

/* One request with its body, and the answer to it. */
struct exchange {
    int peer;
    struct request *request;
    char name[MOST_NAME];            /* of the resource; "" is the list of all */
    const struct resource *resource; /* NULL: there is none of that name */
    char body[MOST_CONTENT];
    size_t len;
    struct response response;
};

struct method {
    const char *name;
    bool safe;        /* nothing is changed by it */
    bool idempotent;  /* sent twice it does what it does when sent once */
    bool has_body;    /* of the request; elsewhere a body means nothing */
    bool on_list;     /* what it may be asked of: the list of all resources, */
    bool on_resource; /* and one of them */
    int (*answer)(
        struct exchange *x); /* returns 0: it has answered; or the status to answer with */
};

extern const struct method methods[]; /* in methods.c; the last has no name */

/* Sends an answer; `status` is 200, or what take_request() or the body had to be refused with. */
void answer(struct exchange *x, int status);
