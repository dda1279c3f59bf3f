/*
 * peer.h - one connection of many, never waited for alone
 */
#pragma once

#include "logic.h"

#include <poll.h>
#include <stdbool.h>

struct peer {
    int fd; /* nonblocking */
    struct conversation talk;
    bool failed; /* the connection is broken: nobody will read an answer */
    bool lent;   /* its conversation is with a worker: hands off until it is back */
};

/* `fd` is the peer's from now on. NULL: there is no memory for it, and `fd` is closed. */
struct peer *peer_begin(int fd);

void peer_end(struct peer *peer);

/* True: it has got all that it is owed, or nobody is there to take it; and it is not lent. */
bool peer_is_done(const struct peer *peer);

/*
 * What to wait for: that it speaks, if `receive` is true and there is room; that it takes what it
 * is owed. If neither, the descriptor is -1.
 */
struct pollfd peer_wanted(const struct peer *peer, bool receive);

/* Receives and sends what it can without waiting; `event` is what poll() has said. */
void peer_serve(struct peer *peer, struct pollfd event);
