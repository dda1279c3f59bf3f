/*
 * plan.h - what is to be measured, and what has come of it
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Seconds of silence, of the server or of a client of ours, after which we give up. */
enum { PATIENCE = 5 };

enum { MOST_CLIENTS = 30000 };

enum http { HTTP_09, HTTP_10, HTTP_11 };

/* Filled in by main.c and request.c before there are clients. */
struct plan {
    const char *url;
    const char *proxy;  /* "host:port"; NULL: the server is asked itself */
    const char *method; /* "GET" */
    enum http http;
    bool reload;    /* nobody on the way is to answer from a cache */
    bool force;     /* the answer is not waited for */
    int clients;    /* each is a process */
    int64_t window; /* ns that are measured */

    char host[256], port[6];        /* whom to connect to: the server, or the proxy */
    struct sockaddr_storage server; /* the same as an address, looked up once for all clients */
    socklen_t server_len;
    char request[8192]; /* what each client sends, again and again */
    int request_len;
};

/* Where a request failed, if it did. */
enum step { CONNECT, SEND, RECEIVE, STEPS };

/* What came before the server ended the connection. The classic does not ask. */
enum answer {
    NOTHING,   /* not one byte */
    CUT,       /* less than a head, or another length of the body than was promised */
    NO_STATUS, /* something, but not HTTP; what HTTP/0.9 answers is just that */
    CLASS_1,   /* whole, and its status is 1xx; CLASS_1 + 1 for 2xx, up to 5xx */
    ANSWERS = CLASS_1 + 5
};

/*
 * What a client has counted. Every request that was begun is in exactly one of the first three.
 * It goes through the pipe in one piece: see pipe(7), PIPE_BUF.
 */
struct tally {
    uint64_t susceed;          /* connected, sent, and read to the end: so the original spells it */
    uint64_t failed[STEPS];    /* here the system said no */
    uint64_t unfinished;       /* on its way when the time was up: one a client at most */
    uint64_t answers[ANSWERS]; /* of those that susceed */
    uint64_t bytes;            /* of all answers but those unfinished */
    int error;                 /* errno of a failure, 0 if there was none */
};
