/*
 * exchange.h - one message to the server and back, and all that it can come to
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Every request that was begun ends as exactly one of these, so that none can get lost
 * between "sent" and "answered".
 */
enum outcome {
    IN_FLIGHT,     /* undecided; if the time is up, neither a success nor a failure */
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

/* A connection, and what is on its way there. */
struct exchange {
    int fd;              /* nonblocking; -1: no connection */
    const char *message; /* what is asked */
    size_t sent;         /* bytes of it; the length of a message when nothing is asked, so that */
    size_t received;     /*   nothing is left to send and nothing is due */
};

/* Whom to ask, and with how many bytes. Before all else, and once. */
void prepare_exchanges(const struct sockaddr *server, socklen_t server_len, size_t bytes);

/* IN_FLIGHT: connected or about to be, and nothing is asked yet; else what went wrong. */
enum outcome open_connection(struct exchange *x);

/* Closes the connection, if there is one. */
void close_connection(struct exchange *x);

/* Begins request `number`. No other number has, but for a rare chance, the same message. */
void begin_request(struct exchange *x, uint64_t number);

/* Sends as much as the kernel takes: IN_FLIGHT, or what went wrong. */
enum outcome send_rest(struct exchange *x);

/* All of the message has been sent. */
bool all_sent(const struct exchange *x);

/*
 * Takes what has come, until nothing is left, and compares it: ANSWERED, IN_FLIGHT if more is
 * due, or what went wrong.
 */
enum outcome receive(struct exchange *x);
