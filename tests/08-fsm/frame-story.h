/*
 * frame-story.h - what the machine for frames says of some bytes, however they are cut into pieces
 *
 * For tests/frame.c and for the fuzzer.
 */
#pragma once

#include "frame.h"
#include "pieces.h"

#include <string.h>

/* A line for each event; of the data, how much has come and a hash, whatever the pieces. */
static inline void
tell_frames(const uint8_t *bytes, size_t len, struct pieces pieces, FILE *out)
{
    size_t done = 0, given = 0, used, data_len = 0;
    uint64_t hash = 0;
    struct frame_parser parser;
    enum frame_event event = FRAME_MORE;

    frame_parser_start(&parser);
    while (event != FRAME_MORE || given < len) {
        uint8_t *moved;

        if (event == FRAME_MORE)
            given += pieces.next(&pieces, given, len);
        moved = malloc(given - done ? given - done : 1);
        promised(moved, "there is memory");
        memcpy(moved, bytes + done, given - done);
        event = frame_parse(&parser, moved, given - done, &used);
        promised(used <= given - done, "what is done with was given");
        promised(event != FRAME_MORE || used == given - done, "nothing needs to stay");
        if (event == FRAME_HEAD) {
            fprintf(out, "command %u stream %u length %u", parser.command, parser.stream,
                    parser.len);
            data_len = 0;
            hash = 0;
        } else if (event == FRAME_DATA) {
            promised(parser.data_len > 0 && parser.data + parser.data_len == moved + used,
                     "data is at the end of the used bytes");
            for (size_t i = 0; i < parser.data_len; i++)
                hash = hash * 1099511628211u + parser.data[i] + 1;
            data_len += parser.data_len;
        } else if (event == FRAME_END) {
            promised(data_len == parser.len, "the data is as long as was said");
            fprintf(out, " data %016llx end at %zu\n", (unsigned long long)hash, done + used);
        }
        done += used;
        free(moved);
    }
    if (frame_in_frame(&parser))
        fprintf(out, "more, in %s\n", frame_state_name(parser.state));
}

/* The same, into memory that the caller frees. */
static inline char *
frames_of(const uint8_t *bytes, size_t len, struct pieces pieces)
{
    char *text;
    size_t text_len;
    FILE *out = open_memstream(&text, &text_len);

    promised(out, "there is memory");
    tell_frames(bytes, len, pieces, out);
    fclose(out);
    return text;
}
