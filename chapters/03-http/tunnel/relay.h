/*
 * relay.h - passes bytes between two connections, in both directions, and knows nothing of HTTP
 */
#pragma once

#include <stddef.h>

enum { RELAY_BUFFER = 16384 };

/*
 * Until both directions have ended, one connection is broken, or the peer has been shut down both
 * ways: what `peer` sends goes to `target`, what `target` sends goes to `peer`, and so does the
 * end of each. The `len` bytes (at most RELAY_BUFFER) at `first` go to `target` before all else.
 * Where one side does not take what is for it, the other is not read: no more than two
 * buffers are ever owed. Both stay the caller's to close, and do not block any more.
 */
void relay(int peer, int target, const char *first, size_t len);
