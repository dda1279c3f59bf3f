/*
 * clients.h - many clients of one echo server, all in one thread
 *
 * Each client asks one thing at a time: it sends a message, waits until all of it has come
 * back, and asks again. That is a closed loop: the slower the server, the fewer the requests.
 */
#pragma once

#include "exchange.h"
#include "histogram.h"

struct plan {
    struct sockaddr_storage server;
    socklen_t server_len;
    bool visits; /* a connection for each request; else one for each client, kept open */
    int clients;
    size_t bytes;     /* in a message */
    int64_t window;   /* ns: how long is measured */
    int64_t patience; /* ns: who waits longer for an answer, or a connection, has failed */
    bool progress;    /* a line on stderr that tells how far it is */
};

struct result {
    int64_t window; /* ns that were measured: less than planned only when nobody was left */
    uint64_t outcomes[OUTCOMES];
    uint64_t failures;          /* the sum of all but the first two */
    int answered;               /* clients that got at least one whole answer */
    uint64_t fewest, most;      /* answers that one client got */
    int64_t oldest;             /* ns: how long the oldest request in flight had waited */
    uint64_t bytes_moved;       /* sent and received, in the window */
    int64_t cpu;                /* ns of this process, user and system, in the window */
    struct histogram latencies; /* ns, of what was ANSWERED */
};

/*
 * Lets the clients of `plan` loose and fills `result`, which must be all zeros. Connections
 * that stay are all opened before the measured window begins. Returns when the window is
 * over, or earlier when no client has a connection any more; whatever the server does, no
 * later than `patience` + `window`.
 */
void run_clients(const struct plan *plan, struct result *result);
