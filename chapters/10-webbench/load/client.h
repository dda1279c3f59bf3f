/*
 * client.h - one client and its connection; and one thread that has many of them
 */
#pragma once

#include "clients.h"

enum {
    LANES = 16, /* clients that are drawn, with TRACE=file.json: see watch.h */
};

enum state {
    GONE,       /* a client that has no connection yet, or no more */
    RESTING,    /* between a failure and the next attempt */
    CONNECTING, /* it has come to stay; visitors do not wait to be connected but ask at once */
    READY,      /* nothing asked, connected or not */
    ASKING,     /* the one state in which requests are on their way */
};

/* When a request was begun, and when it should have been. */
struct moments {
    int64_t begun, due;
};

struct client {
    struct exchange exchange;
    enum state state;
    int64_t since;      /* when it came into this state */
    int64_t dialled;    /* when the connection was asked for; 0: it stands, or there is none */
    int64_t first_byte; /* when the answer to the oldest request began to come; 0: not yet */
    uint32_t number;    /* among all clients of all threads */
    uint64_t asked;     /* requests begun */
    uint64_t share;     /* with a rate: requests that are its to begin, and */
    int64_t due;        /*   when the next one is due; INT64_MAX: none is left. Else 0 */
    uint64_t answered;  /* in the window */
    struct moments *unanswered; /* a ring of `pipeline`; */
    int oldest;                 /*   here is the oldest one */
};

/* What one thread knows. Nothing in it is shared but the plan. */
struct worker {
    const struct plan *plan;
    struct client *clients;
    struct moments *moments; /* theirs */
    int count;
    uint64_t requests; /* its share */
    struct result *result;

    int loop; /* of epoll(7) */
    int connecting, gone;
    uint64_t in_flight;               /* requests unanswered, of all clients */
    uint64_t left;                    /* requests that may still be begun */
    int64_t start;                    /* of the warm-up; from here on requests are due */
    int64_t window_begin, window_end; /* what is settled outside does not count */
    int64_t sample_end;               /* of the second that is counted now */
    int64_t next_look;                /* at those who have waited too long */
    int64_t heard;                    /* when the server has last said anything */
    int in_vain, without_looking;     /* see worker.c: looks that found nothing; sleeps to come */
    int64_t looked;                   /* and ns of CPU time that went into them */

    /* with a rate: whose request is the next to become due, in which round, and when */
    int turn;
    uint64_t round;
    int64_t next_due;

    bool tracing;
    int64_t shown; /* when the progress was */
    int told_connecting;
    uint64_t told_answered;
};

/* From now on SIGINT ends the run, but the second one the program. If it is ignored it stays so. */
void end_on_interrupt(void);

/* Does all of it; `begin_together` waits for the other threads and says when that was. */
void run_worker(struct worker *w, int64_t (*begin_together)(void));

/*
 * With a rate: counts what was due in the window, and what of it was not sent. The window's `end`
 * is that of the thread that ends last: what is due to clients who are gone is due all the same.
 */
void count_due(struct worker *w, int64_t end);

/* Begins to connect client `c`, which is GONE, so that it stays. */
void connect_to_stay(struct worker *w, struct client *c, int64_t now);

/* Client `c` begins all the requests that it may. */
void go_on(struct worker *w, struct client *c, int64_t now);

/* What epoll has told of its connection. */
void advance(struct worker *w, struct client *c, uint32_t events);

/* Finds out whether it has rested, or waited, long enough. */
void look_after(struct worker *w, struct client *c, int64_t now);

/* When its request number `n`, 0 and up, is due, if there is a rate. */
int64_t due_at(const struct worker *w, const struct client *c, uint64_t n);

/* The same, if it is one of its share; else INT64_MAX. */
int64_t due_of_share(const struct worker *w, const struct client *c, uint64_t n);

/*
 * With a rate: the clients whose requests have become due until `now` ask, in turn. One that waits
 * for an answer will ask later, and its request is as old by then.
 */
void hand_out(struct worker *w, int64_t now);

/* For TRACE: until `now` client `c` has waited, or worked, for what its state says. */
void trace(const struct worker *w, const struct client *c, bool waited, int64_t now);
