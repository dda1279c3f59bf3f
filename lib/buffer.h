/*
 * buffer.h - bytes in order, between a descriptor and whoever works on them
 *
 * Bytes are appended at the end and consumed from the beginning; what a buffer holds lies in one
 * piece. The capacity is chosen once and never grows: "no room" is an answer, and whoever gets
 * it stops reading, so that the peer has to wait. That is back-pressure. Nothing here ends the
 * program. Chapter 04 opens it.
 */
#pragma once

#include "io.h"

#include <stdbool.h>
#include <stddef.h>

/* Anybody may read it; only the functions below write it. A buffer of all zeros has no room. */
struct buffer {
    char *memory;
    size_t capacity; /* bytes in `memory` */
    size_t start;    /* the first byte that is in it */
    size_t end;      /* the first that is not; start == end: it is empty */
};

/* An empty buffer for `capacity` bytes. False: there is no memory (ENOMEM). */
bool buffer_open(struct buffer *b, size_t capacity);

/* Gives the memory back. Closing a buffer of all zeros, or closing one twice, does no harm. */
void buffer_close(struct buffer *b);

/* ---- taking out ---- */

/* How many bytes are in it. */
size_t buffer_length(const struct buffer *b);

/* The first of them. Valid until the next call that puts something in, or closes it. */
char *buffer_bytes(const struct buffer *b);

/* The first `len` bytes, at most buffer_length(), are done with. */
void buffer_consume(struct buffer *b, size_t len);

/*
 * Writes to `fd`, in one call, as much as it takes, and consumes that. IO_DATA: something was
 * written, or there was nothing to write; else as in io.h, and nothing is consumed.
 */
enum io_result buffer_write(struct buffer *b, int fd);

/* ---- putting in ---- */

/* How many more bytes fit. */
size_t buffer_room(const struct buffer *b);

/* Appends all `len` bytes, or none: false means that there is no room for them. */
bool buffer_append(struct buffer *b, const void *bytes, size_t len);

/* The same for what printf(3) makes of its arguments; the 0 at its end is not appended. */
bool buffer_print(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Reads from `fd`, in one call, as much as there is room for. IO_NOT_YET where there is none:
 * no read() is made, since one of 0 bytes returns 0 as if the peer had ended. Else as in io.h.
 */
enum io_result buffer_read(struct buffer *b, int fd);

/*
 * For those who put bytes in by another call: the free space, buffer_room() bytes in one piece
 * (the bytes in the buffer may move), and how many of them were used.
 */
char *buffer_space(struct buffer *b);
void buffer_added(struct buffer *b, size_t len);
