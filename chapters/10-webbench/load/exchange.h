/*
 * exchange.h - a connection, what is asked on it, and all that it can come to
 *
 * A protocol makes requests and understands answers, and knows nothing of sockets and time; the
 * connection moves bytes and does not know what they mean. `struct protocol` is the seam.
 */
#pragma once

#include "answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct plan;

/*
 * Every request that was begun ends as exactly one of these, so that none can get lost
 * between "sent" and "answered".
 */
enum outcome {
    IN_FLIGHT,     /* undecided; if the time is up, neither a success nor a failure */
    ANSWERED,      /* echo: every byte came back as it was sent; http: whole, and as was wanted */
    WRONG_STATUS,  /* http: a whole answer, but its status is not the one that was wanted */
    WRONG_BODY,    /* http: a whole answer, but its body has another length, or checksum */
    REFUSED,       /* ECONNREFUSED: nobody listens there */
    CONNECT_ERROR, /* no connection for another reason; silence is one */
    NO_PORT,       /* EADDRNOTAVAIL: every port of ours is in use or in TIME_WAIT */
    NO_DESCRIPTOR, /* EMFILE or ENFILE, at our end */
    TIMEOUT,       /* connected, but not answered in time */
    RESET,         /* ECONNRESET in the middle */
    CLOSED_EARLY,  /* the server ended before the answer was whole (http: before its head was) */
    TRUNCATED,     /* http: the server ended within a body, which it had promised to be longer */
    WRONG_BYTES,   /* echo: not the bytes that were sent, or more of them */
    BAD_RESPONSE,  /* http: this is no HTTP, or nobody had asked for it */
    OUTCOMES
};

enum { MOST_STATUS = ANSWER_MOST_STATUS };

/* A connection, and what is on its way there. All zeros but for `fd`: nothing is. */
struct exchange {
    int fd;              /* nonblocking; -1: no connection */
    unsigned unanswered; /* requests that were begun, in part perhaps not even sent */
    const char *out;     /* what is still to be sent of them */
    size_t out_left;
    enum outcome broken; /* RESET or CLOSED_EARLY: no more can be sent, but what came can be read */
    bool last; /* the server ends the connection after the answer that has been taken last */

    const char *message; /* echo: what was asked, */
    size_t received;     /*   and how much of it has come back */

    unsigned oldest;      /* http: which URL the oldest of the unanswered has */
    struct answer answer; /* http: how far its answer has come, and what it is like */
};

struct protocol {
    bool reconnects; /* a connection that ends is nothing special: the next request opens another */

    /* Before all else, once. `plan` stays. */
    void (*prepare)(const struct plan *plan);

    /* Begins a request: appends it to what is to be sent. A client's numbers go up by one. */
    void (*ask)(struct exchange *x, uint64_t number);

    /*
     * Takes bytes that have come, `len` > 0 of them, up to the end of an answer at most; *used
     * says how many. ANSWERED, WRONG_STATUS or WRONG_BODY: the oldest request is answered.
     * IN_FLIGHT: all bytes are used, and more are due. Else the connection is of no use any more.
     */
    enum outcome (*take)(struct exchange *x, const char *bytes, size_t len, size_t *used);

    /* What it means that the server has ended the connection now: never IN_FLIGHT. */
    enum outcome (*end)(struct exchange *x);
};

extern const struct protocol echo, http;

/* IN_FLIGHT: connected or about to be, and nothing is asked yet; else what went wrong. */
enum outcome open_connection(struct exchange *x, const struct sockaddr *server, socklen_t len);

/* Closes the connection, if there is one, and forgets what was on its way. */
void close_connection(struct exchange *x);

/*
 * Sends as much as the kernel takes, and adds to *sent: IN_FLIGHT, or what went wrong. If the
 * server has ended the connection it may have answered before; so that is not wrong yet, but
 * `broken`.
 */
enum outcome send_rest(struct exchange *x, uint64_t *sent);

/* What the errno of a call on a connection means. */
enum outcome failure(int error);
