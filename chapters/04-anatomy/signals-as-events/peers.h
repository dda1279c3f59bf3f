/*
 * peers.h - the peers of an echo server that never waits for one of them alone
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

enum { MOST_PEERS = 4000 };

/* How many there are. */
nfds_t peers_count(void);

/* Takes all that are waiting at `listener`, as long as there is room for them. */
void peers_welcome(int listener);

/* What each peer is to be watched for, peers_count() of them in a row. */
void peers_wanted(struct pollfd *watched);

/* `event` is what poll() has said about peer `i`: receives and sends what it can. */
void peers_serve(nfds_t i, struct pollfd event);

/* Peers that have sent their last byte and have got all that they are owed leave. */
void peers_see_off(void);

/* As if all of them had sent their last byte. */
void peers_stop(void);
