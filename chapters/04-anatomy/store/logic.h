/*
 * logic.h - the logic unit: understands requests and answers them
 *
 * It never touches a descriptor. Bytes come and go through the two buffers of a conversation, so
 * it is the same under every I/O unit, and in a test without any. A request is a line, and so is
 * its answer:
 *
 *     set NAME VALUE    ok | error: ...     a VALUE may have blanks in it
 *     get NAME          value VALUE | none
 *     delete NAME       ok | none
 *     list              names [NAME...]     in order
 *
 * A line may end with "\n" or "\r\n", and is at most LINE_MOST bytes long without it. What is not a
 * request gets an answer, too: "error: " and the reason, once a line.
 */
#pragma once

#include "buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LINE_MOST = 250,
    IN_ROOM = 4096,  /* bytes that one connection may be ahead of its answers, */
    OUT_ROOM = 8192, /*   and bytes of answers that it may leave unread */
};

struct conversation {
    struct buffer in;  /* received, not yet looked at; the I/O unit appends */
    struct buffer out; /* answered, not yet sent; the I/O unit consumes */
    bool ended;        /* the peer has sent its last byte; the I/O unit sets it */
    bool too_long;     /* the rest of the line is passed over: it has had its answer */
};

/* False: there is no memory. */
bool conversation_begin(struct conversation *c);

void conversation_end(struct conversation *c);

/*
 * Is there a whole request, and room for its answer? If not, more has to be received, unless
 * the peer has ended; or sent, if it leaves its answers unread.
 */
bool request_is_there(struct conversation *c);

/* Takes the oldest request out of `in` and appends its answer to `out`. It must be there. */
void answer_request(struct conversation *c);

/* Has every answer that will ever be given been sent? */
bool conversation_is_over(const struct conversation *c);

/* From now on every answer takes `ms`: as if there were something to think about. */
void think_for(int64_t ms);
