/*
 * peers.h - peers between a loop that watches them and a pool that serves them
 *
 * A peer is in the loop, or with the pool, or on its way back; never in two places. All calls are
 * made by the loop's thread.
 */
#pragma once

#include "loop.h"
#include "protocol.h"
#include "thread_pool.h"

#include <stdint.h>

/* Called before all others. A worker thinks for `pause_ms` about what it has read. */
void peers_open(struct loop *loop, struct thread_pool *pool, const struct protocol *protocol,
                int64_t pause_ms);

/* A peer on `fd`, which is its own from now on; closed if there is no memory for one more. */
void peer_begin(int fd);

/* No more will begin: when the last has ended, nothing of theirs is in the loop any more. */
void peers_last(void);

/* Called after the pool's shutdown: until then a worker may be about to say that it is done. */
void peers_close(void);
