/*
 * http-story.h - what the machine for HTTP says of some bytes, however they are cut into pieces
 *
 * For tests/http_parser.c and for the fuzzer. The bytes are given as by a server: a piece is
 * appended to what is not done with, and all of that lies somewhere else at each call, in memory
 * that ends where the bytes end, so that AddressSanitizer sees a look beyond.
 */
#pragma once

#include "http_parser.h"
#include "pieces.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_BODY = 100000 };

struct story {
    FILE *out;
    uint64_t body_len, body_hash;
    bool show_body;
};

static inline void
tell_part(struct story *story, const char *name, const char *head, struct http_part part)
{
    fprintf(story->out, " %s=", name);
    tell_bytes(story->out, head + part.start, part.len);
}

static inline void
tell_head(struct story *story, const struct http_parser *p, const char *head, size_t head_len)
{
    static const char *const forms[] = {"origin", "absolute", "authority", "asterisk"};

    fprintf(story->out, "head %zu:", head_len);
    tell_part(story, "method", head, p->method_name);
    fprintf(story->out, "%s %s", p->method == METHOD_OTHER ? "?" : "", forms[p->form]);
    tell_part(story, "target", head, p->target);
    tell_part(story, "host", head, p->host);
    tell_part(story, "path", head, p->path);
    fprintf(story->out, " HTTP/1.%d %s%s", p->minor_version, p->keep_alive ? "keep-alive" : "close",
            p->expects_continue ? " expects-continue" : "");
    if (p->chunked)
        fprintf(story->out, " chunked\n");
    else
        fprintf(story->out, " length=%" PRIu64 "\n", p->content_length);
    for (size_t i = 0; i < p->field_count; i++) {
        const struct http_field *field = &p->fields[i];

        promised((size_t)field->value.start + field->value.len < head_len, "a part is in the head");
        fputs(" ", story->out);
        tell_part(story, "name", head, field->name);
        tell_part(story, "value", head, field->value);
        fputs("\n", story->out);
    }
    story->body_len = 0;
    story->body_hash = 0;
}

/* How the body was cut is no part of the story; what it was, is. */
static inline void
tell_body(struct story *story, const char *body, size_t len)
{
    if (story->show_body) {
        fprintf(story->out, "body ");
        tell_bytes(story->out, body, len);
        putc('\n', story->out);
    }
    story->body_len += len;
    for (; len > 0; len--, body++)
        story->body_hash = story->body_hash * 1099511628211u + (unsigned char)*body + 1;
}

/* Gives the bytes in these pieces to a new machine, and writes what it says. True: no error. */
static inline bool
tell_story(const char *bytes, size_t len, struct pieces pieces, struct story *story)
{
    size_t done = 0, given = 0, used;
    struct http_parser parser;
    enum http_event event = HTTP_MORE;

    http_parser_start(&parser, MOST_BODY);
    while (event != HTTP_ERROR && (event != HTTP_MORE || given < len)) {
        size_t have;
        char *moved;

        if (event == HTTP_MORE)
            given += pieces.next(&pieces, given, len);
        have = given - done;
        moved = malloc(have ? have : 1);
        promised(moved, "there is memory");
        memcpy(moved, bytes + done, have);
        event = http_parse(&parser, moved, have, &used);
        promised(used <= have, "what is done with was given");
        if (event == HTTP_HEAD)
            tell_head(story, &parser, moved, used);
        else if (event == HTTP_BODY)
            tell_body(story, parser.body, parser.body_len);
        else if (event == HTTP_MORE)
            promised(have - used < HTTP_LONGEST_HEAD, "HTTP_LONGEST_HEAD bytes of buffer suffice");
        if (event == HTTP_BODY)
            promised(parser.body_len > 0 && parser.body + parser.body_len == moved + used,
                     "a body is at the end of the used bytes");
        done += used;
        if (event == HTTP_END) {
            fprintf(story->out, "end at %zu, body of %" PRIu64 " (%" PRIx64 ")\n", done,
                    story->body_len, story->body_hash);
            story->body_len = 0;
        }
        free(moved);
    }
    if (story->body_len > 0)
        fprintf(story->out, "body so far %" PRIu64 " (%" PRIx64 ")\n", story->body_len,
                story->body_hash);
    if (event == HTTP_ERROR) {
        promised(http_parse(&parser, bytes, len, &used) == HTTP_ERROR && used == 0,
                 "after an error there is nothing but it");
        fprintf(story->out, "error %d\n", parser.status);
    } else {
        fprintf(story->out, "more, %s a message, in %s\n",
                http_in_message(&parser) ? "within" : "between", http_state_name(parser.state));
    }
    return event != HTTP_ERROR;
}

/* The same, into memory that the caller frees. */
static inline char *
story_of(const char *bytes, size_t len, struct pieces pieces)
{
    char *text;
    size_t text_len;
    struct story story = {.out = open_memstream(&text, &text_len)};

    promised(story.out, "there is memory");
    tell_story(bytes, len, pieces, &story);
    fclose(story.out);
    return text;
}

/* Whether the story is the same whole and in these pieces; if not, both are on stderr. */
static inline bool
same_story(const char *bytes, size_t len, const char *expected, struct pieces pieces)
{
    char *story = story_of(bytes, len, pieces);
    bool same = strcmp(story, expected) == 0;

    if (!same)
        fprintf(stderr, "whole:\n%sin pieces:\n%s", expected, story);
    free(story);
    return same;
}
