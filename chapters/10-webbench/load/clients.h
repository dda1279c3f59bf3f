/*
 * clients.h - many clients of one server: what they are to do, and what came of it
 *
 * Each client has a connection and asks one thing at a time (with `pipeline`, several): it sends
 * a request, waits until all of the answer has come, and asks again. That is a closed loop: the
 * slower the server, the fewer the requests. With a `rate` the loop is open: requests are due at
 * moments fixed beforehand, however slow the server is.
 *
 * First connections that stay are opened; then all clients begin at once; then comes the warm-up,
 * then the window, the same for all, then a moment for answers that are late. What is counted
 * below was counted in the window, but for what says otherwise. All times are nanoseconds.
 */
#pragma once

#include "exchange.h"
#include "histogram.h"

struct plan {
    const struct protocol *protocol; /* &echo or &http */
    struct sockaddr_storage server;
    socklen_t server_len;
    int clients, threads;
    bool visits;       /* a connection for each request; else one for each client, kept open */
    int pipeline;      /* requests of one client that may be in flight at once; 1 for echo */
    int64_t window;    /* how long is measured; INT64_MAX: until `requests` have been settled */
    int64_t warm_up;   /* before it; 0: none */
    uint64_t requests; /* so many and no more; 0: as many as there is time for */
    double rate;       /* a second, of all clients together; 0: as fast as they are answered */
    int64_t patience;  /* who waits longer for an answer, or a connection, has failed */
    bool progress;     /* a line on stderr that tells how far it is */

    size_t bytes; /* echo: in a message */

    /* http; the strings are argv's own */
    char *const *urls; /* asked in rotation; all of one server; ended by NULL */
    const char *method;
    const char *const *headers; /* "Name: value", besides ours or in their place; ended by NULL */
    const char *body;           /* NULL: none */
    size_t body_len;
    int least_status, most_status; /* what counts as ANSWERED: 200 to 299 unless told otherwise */
    int64_t wanted_length;         /* of the body of every answer that is ANSWERED; -1: any */
    int64_t wanted_checksum;       /* as cksum(1) has it; -1: not looked at */
};

/* One second of the window; the last one may be shorter. */
struct sample {
    uint64_t answered;
    uint64_t failures;
    uint64_t sum;     /* ns: of the latencies of those answered, */
    uint64_t slowest; /*   and the longest of them */
};

/*
 * Of the requests that were on their way in the window, each is counted in `outcomes` once: so
 * what the server has seen of them is the sum of `outcomes`, but for those that never got a
 * connection (REFUSED to NO_DESCRIPTOR). One that is lost while nothing is asked on it counts as a
 * request that failed: it was to be asked on. What came is `outcomes` of ANSWERED to WRONG_BODY:
 * the difference of the two is what failed, and what was IN_FLIGHT at the end.
 *
 * The histograms have what was ANSWERED, and nothing else. With a rate that is as in wrk2: what
 * failed, or was never sent, has no time, although somebody has waited for it.
 */
struct result {
    int64_t window;   /* that was measured: less than planned when all was done, nobody was left, */
    bool interrupted; /*   or SIGINT has come, which ends a run as if its time were up */
    uint64_t outcomes[OUTCOMES];
    uint64_t warm_up_outcomes[OUTCOMES]; /* the same, settled before the window */
    uint64_t failures;                   /* the sum of all but the first two */
    uint64_t statuses[MOST_STATUS + 1];  /* http: how often each came, wanted or not: [200] */
    uint64_t warm_up;      /* requests settled before the window, which no figure below has */
    uint64_t late;         /* of those IN_FLIGHT, how many were answered soon after the window */
    int64_t oldest;        /* how long the oldest IN_FLIGHT had waited (from when it was due) */
    uint64_t due, unsent;  /* with a rate: due in the window; due but never sent, at its end */
    uint64_t unbegun;      /* of the plan's `requests`, if it says how many */
    int answered;          /* clients that got at least one answer that counts */
    uint64_t fewest, most; /* such answers that one client got */
    uint64_t bytes_sent, bytes_received;
    int64_t cpu; /* of this process, user and system, in the window */

    struct histogram latencies;   /* of what was ANSWERED: sent until all was here (service time) */
    struct histogram responses;   /* the same from the moment it was due; empty without a rate */
    struct histogram first_bytes; /* sent until the first byte of the answer was here */
    struct histogram connects;    /* of every connection made, before the window too if they stay */

    struct sample *samples; /* of sample_count seconds; from malloc(3), the caller's to free */
    int sample_count;
};

/*
 * Lets the clients of `plan` loose and fills `result`, which must be all zeros. Returns when the
 * window is over, or all requests are settled, or earlier when no client has a connection any
 * more; whatever the server does, no later than `patience` + `warm_up` + `window` and a little.
 */
void run_clients(const struct plan *plan, struct result *result);
