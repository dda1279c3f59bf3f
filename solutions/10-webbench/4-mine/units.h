/*
 * units.h - what the units of a server promise each other
 *
 *     I/O unit                logic unit               storage unit
 *     every other file        logic.c, logic-*.c       storage.c, storage-*.c
 *     accepts, receives,      understands requests     finds documents,
 *     sends, closes           and answers them         and reads them
 *
 * The logic unit touches no descriptor: bytes come and go through two buffers (lib/buffer.h), and
 * documents come from the storage unit. The storage unit knows of no peer and of no protocol.
 */
#pragma once

#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- the logic unit ---- */

enum { IN_ROOM = 8192, OUT_ROOM = 4096 }; /* capacities of the two buffers of a conversation */

struct talk; /* one conversation; what is in it is the logic unit's own affair */

/* Begins to talk "echo" or "http". NULL: there is no such protocol, or no memory. */
struct talk *talk_begin(const char *protocol);

/*
 * Goes on as far as it can: consumes from `in` what it has understood, and appends to `out` what
 * there is to say, until `in` has nothing more for it or `out` has no room for what comes next.
 * Call it when bytes have come, and again when bytes of `out` are gone. `ended`: the peer has sent
 * its last byte, and after what is in `in` nothing will come.
 *
 * False: it is over. What is in `out` is still to be sent, then the connection is to be closed;
 * it is not called again. When the peer has ended and has been answered, it is over, too.
 */
bool talk_on(struct talk *t, struct buffer *in, struct buffer *out, bool ended);

/* Gives back what it has, at any time: a peer may leave in the middle of a document. */
void talk_end(struct talk *t);

/*
 * What the peer still has to send: 0 if we do not wait for it, else a number that stays the same as
 * long as it is the same thing: the head of a request is one from its first byte to its last, in a
 * body each byte is one. A peer that takes too long over one is late.
 */
size_t talk_awaits(const struct talk *t);

/* Tells a peer that still is late so, if there is room; then it is over, as after `false` above. */
void talk_late(struct talk *t, struct buffer *out);

/* ---- the storage unit ---- */

struct document; /* one that is being read; what is in it is the storage unit's own affair */

/* From now on it holds the files of `directory`; ends the program if it cannot be opened. */
void storage_begin(const char *directory);

/*
 * Opens the document at `path`: "sub/a b.txt", without a leading slash, decoded; after a slash at
 * its end, or for "", the index.html there. *size is its length in bytes. NULL: there is no such
 * document, and what is not a regular file, or lies outside the directory, is none.
 */
struct document *storage_open(const char *path, size_t *size);

/* Copies the next bytes to `to`, `most` at most, and returns how many; 0: no more can be had. */
size_t storage_read(struct document *d, void *to, size_t most);

void storage_close(struct document *d);
