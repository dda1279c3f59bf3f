/*
 * frame.h - binary frames, read by a machine that can stop after any byte
 *
 *     command (1) ‖ stream id (4) ‖ length of the data (2) ‖ data        numbers big-endian
 *
 * In the manner of http_parser.h, but simpler: no byte needs to stay. Every byte given is done
 * with, a frame's data is told as it comes, and no sequence of bytes is wrong: what a command
 * means, and whether a stream exists, is for the caller to know. Chapter 08 opens it.
 *
 *     struct frame_parser parser;
 *     frame_parser_start(&parser);
 *     do {
 *         event = frame_parse(&parser, bytes, len, &used);
 *         …                                   what the event says, below
 *         bytes += used, len -= used;
 *     } while (event != FRAME_MORE);          then wait for more
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEAD_LEN = 7, FRAME_MOST_DATA = 65535 };

enum frame_event {
    FRAME_MORE, /* nothing to tell until there are more bytes than these */
    FRAME_HEAD, /* command, stream and len of a frame are known */
    FRAME_DATA, /* some bytes of its data: parser->data, parser->data_len */
    FRAME_END,  /* the frame is complete; what follows the used bytes is the next one */
};

struct frame_parser {
    /* from FRAME_HEAD to FRAME_END */
    uint8_t command;
    uint32_t stream;
    uint16_t len;

    /* of FRAME_DATA: the last data_len of the used bytes */
    const uint8_t *data;
    size_t data_len;

    /* the machine's own */
    unsigned char state;
    uint16_t left; /* bytes of the data that are still to come */
};

/* Ready for the first byte of a connection. */
void frame_parser_start(struct frame_parser *parser);

/*
 * Goes on with the `len` bytes at `bytes`, up to the next event; *used says how many are done
 * with: at FRAME_MORE, all. Must be called until it says that, with 0 bytes if need be: the end
 * of a frame needs no byte of its own.
 */
enum frame_event frame_parse(struct frame_parser *parser, const uint8_t *bytes, size_t len,
                             size_t *used);

/* Has a frame begun whose end has not come yet? Then the end of the connection cuts it off. */
bool frame_in_frame(const struct frame_parser *parser);

/*
 * Writes a whole frame to `out`, which has room for `room` bytes. Returns its length; 0, and
 * nothing is written, if it does not fit or if `len` is more than FRAME_MOST_DATA: a length that
 * does not fit into two bytes is refused, never cut. `data` may be NULL if `len` is 0.
 */
size_t frame_encode(uint8_t *out, size_t room, uint8_t command, uint32_t stream, const void *data,
                    size_t len);

/* "COMMAND" for the state in which the next byte is the command; NULL: there is no such state. */
const char *frame_state_name(unsigned state);
