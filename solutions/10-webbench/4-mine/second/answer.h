/*
 * answer.h - answers to requests, the files beneath a directory
 */
#pragma once

#include "buffer.h"
#include "request.h"

#include <sys/types.h>

enum { MOST_ANSWER = 1024 }; /* bytes of an answer without its file: so much room it needs */

/* A file that is being sent; fd is -1 if there is none. */
struct sending {
    int fd;
    off_t left;
};

/* The directory whose files are served. Ends the program if there is none. */
void answer_root(const char *directory);

/* A line for each answer is appended to `file`: METHOD TARGET STATUS BYTES. Ends the program if it
 * cannot be opened. */
void answer_log(const char *file);

/* The lines so far go to the file. */
void answer_log_flush(void);

/* Appends the head of an answer to `out`. If a file follows, it is in *file. */
void answer(const struct request *r, struct buffer *out, struct sending *file);

/* The same for a status that is all there is to say. */
void answer_status(const struct request *r, int status, struct buffer *out);

/* Moves as much of the file to `out` as there is room. False: it has become shorter. */
bool send_more(struct sending *file, struct buffer *out);
