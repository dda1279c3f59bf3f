/*
 * logic-request.h - a machine that reads HTTP/1.1 requests, a byte at a time
 *
 * It keeps what an answer needs (method, target, whether the connection goes on), and of the rest
 * only what concerns framing. Its memory is this struct, however long a request is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_LINE = 8192, MOST_HEAD = 16384, MOST_EXTRA = 4096, MOST_VALUE = 256 };

enum request_event {
    REQUEST_MORE,  /* nothing to tell yet */
    REQUEST_HEAD,  /* the head is complete, and a body follows */
    REQUEST_WHOLE, /* the last byte of the request has come */
    REQUEST_WRONG, /* it is to be answered with `status`, and the connection to be closed */
};

struct request {
    char method[16]; /* one that is longer is cut off, and known to nobody */
    char target[MOST_LINE];
    int minor; /* of HTTP/1.x */
    bool goes_on, expects_continue;
    int status;

    /* the machine's own */
    int state;
    size_t line_len, head_len, extra_len; /* bytes so far; extra: chunk extensions and trailers */
    size_t method_len, target_len, word_len, value_len;
    char word[32]; /* the version, or the name of a field */
    char value[MOST_VALUE];
    int hosts, lengths, codings, empty_lines;
    bool chunked, says_close, says_keep_alive;
    uint64_t left; /* of the body, or of a chunk; a size that is being read */
    int digits;
};

/* Ready for the first byte of a request. */
void request_begin(struct request *r);

/* Takes the next byte. After REQUEST_WHOLE and REQUEST_WRONG it has to begin again. */
enum request_event request_take(struct request *r, char byte);

/* Has a first byte come? And has the head? */
bool request_has_begun(const struct request *r);
bool request_is_in_body(const struct request *r);
