/*
 * clients.h - many clients of one echo server, all in one thread
 *
 * Each client asks one thing at a time: it sends a message, waits until all of it has come
 * back, compares, and asks again. That is a closed loop: the slower the server, the fewer
 * the requests.
 */
#pragma once

#include "histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * What a request has come to. Every one that was begun is counted under exactly one of
 * these, so that none can get lost between "sent" and "answered".
 */
enum outcome {
    IN_FLIGHT,     /* undecided when the time was up: neither a success nor a failure */
    ANSWERED,      /* every byte came back as it was sent */
    REFUSED,       /* ECONNREFUSED: nobody listens there */
    CONNECT_ERROR, /* no connection for another reason; silence is one */
    NO_PORT,       /* EADDRNOTAVAIL: every port of ours is in use or in TIME_WAIT */
    NO_DESCRIPTOR, /* EMFILE or ENFILE, at our end */
    TIMEOUT,       /* connected, but not answered in time */
    RESET,         /* ECONNRESET in the middle */
    CLOSED_EARLY,  /* the server ended before the answer was whole */
    WRONG_BYTES,   /* not the bytes that were sent, or more of them */
    OUTCOMES
};

struct plan {
    const struct sockaddr *server;
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
