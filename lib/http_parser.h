/*
 * http_parser.h - HTTP/1.1 requests, read by a machine that can stop after any byte
 *
 * The machine never waits and keeps no copy: it is given the bytes that have come, says what it
 * has found, and remembers in which state it was. However the bytes are cut into pieces, what it
 * finds is the same. It is as strict as RFC 9112 allows: where two readers understand the same
 * bytes differently, requests can be smuggled. Chapter 08 opens it.
 *
 *     struct http_parser parser;
 *     http_parser_start(&parser, 1 << 20);
 *     for (;;) {
 *         enum http_event event = http_parse(&parser, bytes, len, &used);
 *         …                                   what the event says, below
 *         the first `used` bytes are done with: take them out of the buffer
 *         if (event == HTTP_MORE)
 *             wait until more bytes have been appended to the buffer
 *     }
 *
 * The buffer may lie elsewhere at each call, as long as it begins with the first byte that is
 * not done with. A head stays in it until it is complete: that takes HTTP_LONGEST_HEAD bytes at
 * most, so a buffer of that capacity is never too small.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What exceeds these is refused, with the status on the right. Ends of lines are not counted. */
enum {
    HTTP_LONGEST_REQUEST_LINE = 8192, /* 414 */
    HTTP_LONGEST_HEAD = 16384,        /* 431; all of it, with ends of lines and the empty line */
    HTTP_MOST_FIELDS = 100,           /* 431 */
    HTTP_MOST_EMPTY_LINES = 4,        /* 400; before a request line */
    HTTP_LONGEST_SIZE = 16,           /* 400; digits of a chunk's size */
    HTTP_LONGEST_EXTENSIONS = 4096,   /* 413; of all chunks of a message together */
    HTTP_LONGEST_TRAILERS = 4096,     /* 431; as with the head */
};

enum http_event {
    HTTP_MORE,  /* nothing to tell until there are more bytes than these */
    HTTP_HEAD,  /* a head is complete: the used bytes, in which all parts below lie */
    HTTP_BODY,  /* some bytes of the body: parser->body, parser->body_len */
    HTTP_END,   /* the message is complete; what follows the used bytes is the next one */
    HTTP_ERROR, /* answer with parser->status, then close; from now on it says nothing else */
};

enum http_method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_CONNECT,
    METHOD_OPTIONS,
    METHOD_TRACE,
    METHOD_OTHER, /* any other token, for the caller to answer with 501 */
};

/* The four forms of a target: RFC 9112, section 3.2. */
enum http_form {
    FORM_ORIGIN,    /* GET /path?query */
    FORM_ABSOLUTE,  /* GET http://host/path?query */
    FORM_AUTHORITY, /* CONNECT host:port, and for CONNECT only */
    FORM_ASTERISK,  /* OPTIONS *, and for OPTIONS only */
};

/* Bytes of the head, counted from its first one. */
struct http_part {
    uint16_t start, len;
};

struct http_field {
    struct http_part name, value; /* the value without spaces and tabs at its ends */
};

/* Of what can be in a head, the parser understands what concerns framing and the connection. */
struct http_parser {
    /* from HTTP_HEAD to HTTP_END */
    enum http_method method; /* at HTTP_ERROR, too: METHOD_OTHER if that came too early */
    enum http_form form;
    struct http_part method_name;
    struct http_part target; /* as it came: nothing is decoded */
    struct http_part host;   /* with its port: the target's if it names one, else Host's */
    struct http_part path;   /* of the target, query and all; empty (for "/") in `http://host` */
    int minor_version;       /* 0 for HTTP/1.0, 1 for 1.1; a higher one is served as 1.1 */
    bool keep_alive;         /* what the client wishes, by version and Connection */
    bool expects_continue;   /* it waits for "100 Continue" before it sends the body */
    bool chunked;            /* else the body has content_length bytes, perhaps 0 */
    uint64_t content_length;

    /* of HTTP_BODY: the last body_len of the used bytes */
    const char *body;
    size_t body_len;

    /* of HTTP_ERROR: 400, 413, 414, 417, 431, 501 or 505 */
    int status;

    /* the machine's own; http_parser.c says what they are */
    unsigned char state;
    unsigned char empty_lines;
    unsigned char seen;
    uint16_t token;
    size_t at, limit, extensions;
    uint64_t most_body, left;

    /* from HTTP_HEAD to HTTP_END, the first field_count of them */
    size_t field_count;
    struct http_field fields[HTTP_MOST_FIELDS];
};

/*
 * Ready for the first byte of a connection. A body of more than `most_body` bytes is refused with
 * 413: in place of HTTP_HEAD if the head tells its length, else when the chunks add up to more.
 */
void http_parser_start(struct http_parser *parser, uint64_t most_body);

/*
 * Goes on with the `len` bytes at `bytes`, of which it may have seen some before, up to the next
 * event; *used says how many are done with. The work grows with the bytes, not with the pieces. May
 * be called with 0 bytes, and must be called until it says HTTP_MORE: the end of a message needs
 * no byte of its own.
 */
enum http_event http_parse(struct http_parser *parser, const char *bytes, size_t len, size_t *used);

/*
 * At HTTP_HEAD: the value of the first field called `name` (in small letters), in the head that
 * begins at `head`; its length in *len. NULL: there is none.
 */
const char *http_find_field(const struct http_parser *parser, const char *head, const char *name,
                            size_t *len);

/* Has a message begun whose end has not come yet? Then the end of the connection cuts it off. */
bool http_in_message(const struct http_parser *parser);

/* ---- for those who draw the machine ---- */

/* "METHOD", if the next byte is one of the method; NULL: there is no such state. */
const char *http_state_name(unsigned state);
