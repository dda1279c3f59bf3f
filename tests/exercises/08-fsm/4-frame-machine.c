/*
 * 4-frame-machine.c - gives frames in pieces to the machine of frame-machine.h
 *
 * usage: frame-machine SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was given and what was expected.
 */
#include "../../../exercises/08-fsm/4-frame-machine/frame-machine.h"

#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT = 3000, MOST_CALLS = 10, SHORT = 40 };

/* A connection, and in words what has been given and what has been told. */
struct connection {
    struct frame_machine machine;
    size_t calls, data;    /* in a row that used nothing; bytes of the data of this frame so far */
    unsigned type, length; /* of this frame, as they were told when it began */
    char given[MOST_TEXT], told[MOST_TEXT];
};

static _Noreturn void
wrong(const struct connection *c, const char *expected, const char *got)
{
    printf("did: gave it, in hexadecimal, %s\nexpected: %s\ngot: %s\n", c->given, expected,
           *got ? got : "nothing");
    exit(1);
}

static void
say(char text[MOST_TEXT], const char *words)
{
    size_t len = strlen(text);

    snprintf(text + len, MOST_TEXT - len, "%s", words);
}

/* Bytes in hexadecimal; if there are many, only how many. */
static void
say_bytes(char text[MOST_TEXT], const uint8_t *bytes, size_t len)
{
    char words[40];

    if (len > SHORT) {
        snprintf(words, sizeof words, "(%zu bytes)", len);
        say(text, words);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        snprintf(words, sizeof words, "%s%02x", i == 0 ? "" : " ", bytes[i]);
        say(text, words);
    }
}

static void
begin(struct connection *c, uint32_t most)
{
    *c = (struct connection){.data = 0};
    memset(&c->machine, 0xa5, sizeof c->machine); /* what start() does not set is not zero */
    frame_machine_start(&c->machine, most);
}

/* The data of each frame is 0, 1, 2, … */
static void
check_data(struct connection *c, const uint8_t *piece, size_t used)
{
    const struct frame_machine *m = &c->machine;

    if (m->data_len == 0 || m->data_len > used)
        wrong(c, "data is a part, not empty, of the used bytes", "another data_len");
    if (m->data != piece + used - m->data_len)
        wrong(c, "data lies where the caller has it: the last of the used bytes", "elsewhere");
    for (size_t i = 0; i < m->data_len; i++)
        if (m->data[i] != (uint8_t)c->data++)
            wrong(c, "all of the data, in order", "a byte that is not the next one");
    if (c->data > m->length)
        wrong(c, "as much data as the length says", "more");
}

/*
 * What is told of a frame, in words: the first half when it begins, the other half when it ends,
 * with the number of bytes of data that have come. All of it is WHOLE(); and there is "error".
 */
#define WHOLE(type, length) "[type " #type ", length " #length ": " #length " bytes, end] "

static void
note(struct connection *c, enum frame_machine_event event, const uint8_t *piece, size_t used)
{
    char words[60] = "";

    switch (event) {
    case FRAME_BEGINS:
        c->data = 0;
        c->type = c->machine.type;
        c->length = c->machine.length;
        snprintf(words, sizeof words, "[type %d, length %u", c->machine.type, c->machine.length);
        break;
    case FRAME_HAS_DATA:
        check_data(c, piece, used);
        break;
    case FRAME_ENDS:
        if (c->machine.type != c->type || c->machine.length != c->length)
            wrong(c, "type and length as they were when it began", "others");
        snprintf(words, sizeof words, ": %zu bytes, end] ", c->data);
        break;
    case FRAME_ERROR:
        snprintf(words, sizeof words, "error ");
        break;
    case FRAME_NEEDS_MORE:
        break;
    default:
        wrong(c, "one of the five events", "another number");
    }
    say(c->told, words);
}

/* A piece, in memory that has nothing behind it and is gone afterwards. */
static void
give(struct connection *c, const void *bytes, size_t len)
{
    uint8_t *piece = malloc(len + !len);
    enum frame_machine_event event;
    size_t used, at = 0;

    if (!piece)
        fail("malloc", NULL);
    memcpy(piece, bytes, len);
    say(c->given, *c->given ? " | " : "");
    say_bytes(c->given, bytes, len);
    do {
        used = 0;
        event = frame_machine_feed(&c->machine, piece + at, len - at, &used);
        if (used > len - at && event != FRAME_ERROR)
            wrong(c, "*used is len at most", "it is more");
        if (event == FRAME_NEEDS_MORE && used < len - at)
            wrong(c, "at FRAME_NEEDS_MORE all bytes are used", "some are not");
        c->calls = used > 0 ? 0 : c->calls + 1;
        if (c->calls > MOST_CALLS)
            wrong(c, "it says FRAME_NEEDS_MORE when there is no more", "it goes on for ever");
        note(c, event, piece + at, used);
        at += event == FRAME_ERROR ? 0 : used;
    } while (event != FRAME_NEEDS_MORE && event != FRAME_ERROR);
    memset(piece, '#', len);
    free(piece);
}

#define GIVE(c, text) give(c, text, sizeof(text) - 1)

static void
expect(const struct connection *c, const char *told)
{
    if (strcmp(c->told, told) != 0)
        wrong(c, *told ? told : "nothing", c->told);
}

/* Writes a frame with `len` bytes of data to `frame`; returns how long it is. */
static size_t
make_frame(uint8_t *frame, uint8_t type, uint32_t len)
{
    size_t at = 0;
    uint32_t rest = len;

    frame[at++] = type;
    do {
        frame[at++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
        rest >>= 7;
    } while (rest > 0);
    for (uint32_t i = 0; i < len; i++)
        frame[at++] = (uint8_t)i;
    return at;
}

static void
play_one(void)
{
    struct connection c;

    begin(&c, FRAME_LARGEST);
    GIVE(&c, "\x07\x03\0\1\2");
    expect(&c, WHOLE(7, 3));
}

static void
play_cut(void)
{
    uint8_t bytes[300];
    size_t len = 0;
    struct connection c;

    len += make_frame(bytes + len, 1, 3);
    len += make_frame(bytes + len, 2, 0);
    len += make_frame(bytes + len, 3, 130);
    len += make_frame(bytes + len, 255, 1);
    for (size_t i = 0; i <= len; i++) {
        for (size_t j = i; j <= len; j++) {
            begin(&c, FRAME_LARGEST);
            give(&c, bytes, i);
            give(&c, bytes + i, j - i);
            give(&c, bytes + j, len - j);
            expect(&c, WHOLE(1, 3) WHOLE(2, 0) WHOLE(3, 130) WHOLE(255, 1));
        }
    }
    begin(&c, FRAME_LARGEST);
    for (size_t i = 0; i < len; i++) {
        give(&c, bytes + i, 1);
        give(&c, bytes + i, 0);
    }
    expect(&c, WHOLE(1, 3) WHOLE(2, 0) WHOLE(3, 130) WHOLE(255, 1));
}

static void
play_empty(void)
{
    struct connection c;

    begin(&c, FRAME_LARGEST);
    GIVE(&c, "\x05\0");
    expect(&c, WHOLE(5, 0));
    GIVE(&c, "\x06");
    GIVE(&c, "\0");
    expect(&c, WHOLE(5, 0) WHOLE(6, 0));
}

static void
play_lengths(void)
{
    static const uint32_t lengths[] = {127,   128,   300,   16383,        16384,
                                       65535, 65536, 65537, FRAME_LARGEST};
    static uint8_t frame[4 + FRAME_LARGEST];
    struct connection c;
    char told[60];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t len = make_frame(frame, 9, lengths[i]), piece;

        begin(&c, FRAME_LARGEST);
        snprintf(told, sizeof told, "[type 9, length %u: %u bytes, end] ", lengths[i], lengths[i]);
        for (size_t at = 0; at < len; at += piece) {
            piece = len - at < 8000 ? len - at : 8000;
            give(&c, frame + at, piece);
        }
        expect(&c, told);
    }
}

/* give() looks where the data lies; here it must be told as soon as it comes. */
static void
play_where(void)
{
    uint8_t frame[300];
    size_t len = make_frame(frame, 4, 200);
    struct connection c;

    begin(&c, FRAME_LARGEST);
    give(&c, frame, 3);
    expect(&c, "[type 4, length 200");
    give(&c, frame + 3, 50);
    if (c.data != 50)
        wrong(&c, "50 bytes of the data have been told", "another number of them");
    give(&c, frame + 53, len - 53);
    expect(&c, WHOLE(4, 200));
}

static void
play_next(void)
{
    struct connection c;
    size_t used;
    const uint8_t two[] = {1, 1, 0, 2, 1, 0};

    begin(&c, FRAME_LARGEST);
    GIVE(&c, "\x01\x02\0\1\x02\x01\0\x03\0\x04");
    expect(&c, WHOLE(1, 2) WHOLE(2, 1) WHOLE(3, 0));
    GIVE(&c, "\x01\0");
    expect(&c, WHOLE(1, 2) WHOLE(2, 1) WHOLE(3, 0) WHOLE(4, 1));
    begin(&c, FRAME_LARGEST);
    say_bytes(c.given, two, sizeof two);
    if (frame_machine_feed(&c.machine, two, sizeof two, &used) != FRAME_BEGINS || used != 2)
        wrong(&c, "first FRAME_BEGINS, and 2 bytes are used", "something else");
}

/* The error comes in the call that is given the last of these bytes, and not before. */
static void
play_error(uint32_t most, const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    struct connection c;

    begin(&c, most);
    for (size_t i = 0; i < len; i++) {
        expect(&c, "");
        give(&c, byte + i, 1);
    }
    if (strcmp(c.told, "error ") == 0)
        return;
    printf("did: frame_machine_start(&machine, %u)\n", most);
    wrong(&c, "an error, at the last of these bytes", c.told);
}

static void
play_errors(void)
{
    struct connection c;

    play_error(FRAME_LARGEST, "\x01\x80\x80\x80", 4);
    play_error(FRAME_LARGEST, "\x01\xff\xff\xff", 4);
    play_error(FRAME_LARGEST, "\x01\x80\0", 3);
    play_error(FRAME_LARGEST, "\x01\xff\x80\0", 4);
    play_error(1000, "\x01\xe9\x07", 3);
    play_error(1000, "\x01\x80\x80\x01", 4);
    play_error(100, "\x01\x65", 2);
    play_error(100, "\x01\xe5", 2); /* whatever follows only makes it larger */
    play_error(0, "\x01\x01", 2);
    begin(&c, 1000);
    GIVE(&c, "\x01\xe8\x07");
    expect(&c, "[type 1, length 1000");
}

static void
play_after(void)
{
    struct connection c;

    begin(&c, 10);
    GIVE(&c, "\x01\x01\0\x01\x0b");
    expect(&c, WHOLE(1, 1) "error ");
    GIVE(&c, "\x01\0");
    GIVE(&c, "");
    GIVE(&c, "\x01\x01\0");
    expect(&c, WHOLE(1, 1) "error error error error ");
}

static void
inside(struct connection *c, bool expected)
{
    if (frame_machine_is_inside(&c->machine) != expected)
        wrong(c, expected ? "it is inside a frame" : "it is between two frames", "the contrary");
}

static void
play_inside(void)
{
    struct connection c;
    const uint8_t empty[] = {1, 0};
    size_t used;

    begin(&c, FRAME_LARGEST);
    inside(&c, false);
    GIVE(&c, "\x01");
    inside(&c, true);
    GIVE(&c, "\x82");
    inside(&c, true);
    GIVE(&c, "\x01");
    inside(&c, true);
    GIVE(&c, "\0\1\2");
    inside(&c, true);
    begin(&c, FRAME_LARGEST);
    GIVE(&c, "\x01\x02\0\1");
    inside(&c, false);
    GIVE(&c, "\0");
    inside(&c, true);
    begin(&c, FRAME_LARGEST);
    say_bytes(c.given, empty, sizeof empty);
    frame_machine_feed(&c.machine, empty, sizeof empty, &used);
    inside(&c, true); /* its end has not been told */
    frame_machine_feed(&c.machine, empty, 0, &used);
    inside(&c, false);
}

static void
play_two(void)
{
    struct connection a, b;

    begin(&a, FRAME_LARGEST);
    begin(&b, 10);
    GIVE(&a, "\x01");
    GIVE(&b, "\x02\x02");
    GIVE(&a, "\xac");
    GIVE(&b, "\0");
    GIVE(&a, "\x02\0\1");
    GIVE(&b, "\1\x03");
    expect(&a, "[type 1, length 300");
    expect(&b, WHOLE(2, 2));
    GIVE(&b, "\x0b");
    expect(&b, WHOLE(2, 2) "error ");
    GIVE(&a, "\2");
    expect(&a, "[type 1, length 300");
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"one", play_one},         {"cut", play_cut},     {"empty", play_empty},
    {"lengths", play_lengths}, {"where", play_where}, {"next", play_next},
    {"errors", play_errors},   {"after", play_after}, {"inside", play_inside},
    {"two", play_two},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: frame-machine SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
