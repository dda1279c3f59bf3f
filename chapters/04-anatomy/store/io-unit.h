/*
 * io-unit.h - the I/O unit, three times: accepts, receives and sends
 *
 * Each announces `listener`, serves whoever comes, and returns when the program has been told
 * to stop and all that was owed has been sent, or a second has passed; the first two only when
 * the logic unit has also thought about every request that had come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One thread, one peer at a time, and every call waits. */
void serve_blocking(int listener);

/* One thread, all peers at a time. While the logic unit thinks, nobody is heard. */
void serve_by_poll(int listener);

/*
 * One thread for all peers, `workers` more for the logic unit, and between them a queue with room
 * for `room` requests. When it is full nothing more is received. `verbose`: says so on stderr.
 */
void serve_with_workers(int listener, size_t workers, size_t room, bool verbose);
