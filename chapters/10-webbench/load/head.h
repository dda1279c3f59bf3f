/*
 * head.h - what the head of an HTTP/1 answer says about itself and the body behind it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LONGEST_HEAD = 16384, ANSWER_MOST_STATUS = 599 };

enum body {
    BODY_NONE,      /* the answer ends with its head */
    BODY_LENGTH,    /* so many bytes */
    BODY_CHUNKED,   /* in pieces, each with its length */
    BODY_UNTIL_END, /* all that comes until the server ends the connection */
};

struct head {
    int status;
    bool closes; /* the server ends the connection after this answer */
    enum body body;
    uint64_t length;
};

/*
 * How long the head is that begins at `bytes`, its empty line included; 0: its end is not among
 * these `len` bytes, of which it is not in the first `from`.
 */
size_t find_head_end(const char *bytes, size_t len, size_t from);

/* Could a head begin with these bytes? */
bool may_be_head(const char *bytes, size_t len);

/* Reads a whole head; false: it is none, or contradicts itself. RFC 9112, sections 4 to 6. */
bool read_head(const char *bytes, size_t len, bool answers_head, struct head *head);
