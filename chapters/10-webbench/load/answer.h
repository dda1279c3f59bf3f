/*
 * answer.h - HTTP/1 answers, taken in pieces however they come, by a machine that can stop after
 * any byte
 */
#pragma once

#include "head.h"

enum answer_state {
    IN_HEAD,
    IN_BODY, /* `left` bytes of it, or of a chunk, are still to come */
    UNTIL_END,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_FEED,
    CHUNK_DATA,
    CHUNK_DATA_RETURN,
    CHUNK_DATA_FEED,
    TRAILER_START,
    IN_TRAILER,
    LAST_FEED,
};

/* All zeros: the next byte is the first of an answer. */
struct answer {
    enum answer_state state;
    int status;  /* of the answer that is coming, or has come last; 0: none has */
    bool closes; /* the server ends the connection after it */
    uint64_t left;
    uint64_t body_len; /* that has come */
    uint32_t crc;      /* of it, if it is summed */
    unsigned line_len; /* of an extension, or of all trailers */

    char *held; /* a head that has been cut: what has come of it; the owner's to free */
    size_t held_len;
};

/*
 * A server says the same again and again: a head that has the same bytes as the one before means
 * the same, and to compare is cheaper than to read. Each thread has one for each URL.
 */
struct known_head {
    size_t len;
    struct head head;
    char bytes[LONGEST_HEAD];
};

/* How answers are to be taken; the same for all. */
struct answer_rules {
    bool to_head; /* they answer HEAD: there is no body, whatever they say */
    bool sums;    /* `crc` is wanted */
};

enum answer_event {
    ANSWER_MORE, /* all bytes are used, and the end has not come */
    ANSWER_END,  /* the answer is whole; `used` bytes were of it */
    ANSWER_BAD,  /* this is no answer */
};

enum answer_event take_answer(struct answer *a, const struct answer_rules *rules,
                              struct known_head *known, const char *bytes, size_t len,
                              size_t *used);

/* What cksum(1) prints for the body that has come. */
uint32_t answer_checksum(const struct answer *a);
