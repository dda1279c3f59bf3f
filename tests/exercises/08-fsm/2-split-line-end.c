/*
 * 2-split-line-end.c - gives lines in pieces to next_line()
 *
 * usage: split-line-end SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was given and what was expected.
 */
#include "error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LINE = 100, MOST_TEXT = 2000, MOST_EVENTS = 200 };

enum line_event { LINE_MORE, LINE_WHOLE, LINE_WRONG };

struct line_reader {
    int state;
    size_t len;
    char line[LONGEST_LINE];
};

enum line_event next_line(struct line_reader *r, const char *bytes, size_t len, size_t *used);

/* A connection, and in words what has been given and what has been told. */
struct connection {
    struct line_reader reader;
    char canary[8]; /* whoever writes beyond the line writes here */
    char given[MOST_TEXT], told[MOST_TEXT];
    int events;
};

static const char canary[8] = "canary!";

static _Noreturn void
wrong(const struct connection *c, const char *expected, const char *got)
{
    printf("did: next_line() was given %s\nexpected: %s\ngot: %s\n", c->given, expected, got);
    exit(1);
}

/* Appends to a text, as long as there is room. */
static void
say(char text[MOST_TEXT], const char *words)
{
    size_t len = strlen(text);

    snprintf(text + len, MOST_TEXT - len, "%s", words);
}

/* The same for bytes; a long run of x is told by its length. */
static void
say_bytes(char text[MOST_TEXT], const char *bytes, size_t len)
{
    char words[40];

    if (len > 20 && memchr(bytes, 'x', len)) {
        snprintf(words, sizeof words, "(%zu bytes)", len);
        say(text, words);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        snprintf(words, sizeof words, isprint((unsigned char)bytes[i]) ? "%c" : "\\x%02x",
                 (unsigned char)bytes[i]);
        say(text, bytes[i] == '\r' ? "\\r" : bytes[i] == '\n' ? "\\n" : words);
    }
}

static void
begin(struct connection *c)
{
    *c = (struct connection){.reader = {0}};
    memcpy(c->canary, canary, sizeof canary);
}

/* One call. The bytes are where nothing lies behind them, and are gone when it returns. */
static enum line_event
call(struct connection *c, const char *bytes, size_t len, size_t *used)
{
    char *piece = malloc(len + !len);
    enum line_event event;

    if (!piece)
        fail("malloc", NULL);
    memcpy(piece, bytes, len);
    *used = 0;
    event = next_line(&c->reader, piece, len, used);
    memset(piece, '#', len);
    free(piece);
    if (memcmp(c->canary, canary, sizeof canary) != 0)
        wrong(c, "it writes to no more than the 100 bytes of r->line", "it wrote behind them");
    if (++c->events > MOST_EVENTS)
        wrong(c, "it says LINE_MORE when all is used", "it goes on for ever");
    return event;
}

/* A piece: calls until it wants more, or says that it is wrong. */
static void
give(struct connection *c, const char *bytes, size_t len)
{
    enum line_event event;
    size_t used;

    say(c->given, *c->given ? " | " : "");
    say_bytes(c->given, bytes, len);
    if (strstr(c->told, "wrong"))
        return;
    do {
        event = call(c, bytes, len, &used);
        if (event == LINE_WRONG) {
            say(c->told, "wrong");
            return;
        }
        if (used > len)
            wrong(c, "*used is len at most", "it is more");
        if (event == LINE_MORE && used < len)
            wrong(c, "at LINE_MORE all bytes are used", "some are not");
        if (event == LINE_WHOLE) {
            if (c->reader.len > LONGEST_LINE)
                wrong(c, "r->len is 100 at most", "it is more");
            say(c->told, "[");
            say_bytes(c->told, c->reader.line, c->reader.len);
            say(c->told, "] ");
        }
        bytes += used;
        len -= used;
    } while (event != LINE_MORE);
}

static void
give_text(struct connection *c, const char *text)
{
    give(c, text, strlen(text));
}

static void
expect(const struct connection *c, const char *told)
{
    if (strcmp(c->told, told) != 0)
        wrong(c, *told ? told : "nothing", *c->told ? c->told : "nothing");
}

/* A connection of its own, two pieces at most, and what is to be told in the end. */
static void
play(const char *first, const char *second, const char *told)
{
    struct connection c;

    begin(&c);
    give_text(&c, first);
    if (second)
        give_text(&c, second);
    expect(&c, told);
}

static void
play_one_piece(void)
{
    struct connection c;

    play("hello\r\n", NULL, "[hello] ");
    play("a\r\n\r\nbc\r\nd", NULL, "[a] [] [bc] ");
    play("\ta\x7f\r\n", NULL, "[\\x09a\\x7f] ");
    begin(&c);
    give_text(&c, "a\r\nb");
    expect(&c, "[a] ");
    give_text(&c, "c\r\n");
    expect(&c, "[a] [bc] ");
}

static void
play_pieces(void)
{
    play("hel", "lo\r\nx", "[hello] ");
    play("a\r\nb", "c\r\n\r\n", "[a] [bc] [] ");
}

static void
play_cut(void)
{
    struct connection c;

    begin(&c);
    give_text(&c, "hello\r");
    expect(&c, "");
    give_text(&c, "\nx");
    expect(&c, "[hello] ");
    play("a\r\n\r", "\nb\r\n", "[a] [] [b] ");
    play("\r", "\n", "[] ");
}

static void
play_anywhere(void)
{
    static const char text[] = "one\r\n\r\n\r\ntwo and\r\nx\r\n",
                      told[] = "[one] [] [] [two and] [x] ";
    const size_t len = sizeof text - 1;
    struct connection c;

    for (size_t i = 0; i <= len; i++) {
        for (size_t j = i; j <= len; j++) {
            begin(&c);
            give(&c, text, i);
            give(&c, text + i, j - i);
            give(&c, text + j, len - j);
            expect(&c, told);
        }
    }
    begin(&c);
    for (size_t i = 0; i < len; i++)
        give(&c, text + i, 1);
    expect(&c, told);
}

static void
play_alone(void)
{
    play("a\rb\r\n", NULL, "wrong");
    play("a\rb", NULL, "wrong");
    play("a\r", "b", "wrong");
    play("a\r\r\n", NULL, "wrong");
    play("a\r", "\r", "wrong");
    play("a\nb", NULL, "wrong");
    play("a", "\n", "wrong");
    play("a\r\n", "\n", "[a] wrong");
    play("\n", NULL, "wrong");
}

static void
play_empty(void)
{
    struct connection c;

    begin(&c);
    give_text(&c, "");
    give_text(&c, "a\r");
    give_text(&c, "");
    give_text(&c, "\n");
    give_text(&c, "");
    give_text(&c, "b\r\n");
    expect(&c, "[a] [b] ");
}

static void
play_long(void)
{
    struct connection c;
    char many[LONGEST_LINE + 1];

    memset(many, 'x', sizeof many);
    for (size_t cut = 0; cut <= LONGEST_LINE; cut += 10) {
        begin(&c);
        give(&c, many, cut);
        give(&c, many + cut, LONGEST_LINE - cut);
        give_text(&c, "\r");
        give_text(&c, "\ny\r\n");
        expect(&c, "[(100 bytes)] [y] ");
        begin(&c);
        give(&c, many, cut);
        give(&c, many + cut, LONGEST_LINE - cut);
        expect(&c, "");
        give_text(&c, "x");
        expect(&c, "wrong");
    }
}

static void
play_two(void)
{
    struct connection a, b;

    begin(&a);
    begin(&b);
    give_text(&a, "on a\r");
    give_text(&b, "on b");
    give_text(&a, "\n");
    expect(&a, "[on a] ");
    give_text(&b, "\r");
    give_text(&a, "again");
    give_text(&b, "\n");
    give_text(&a, "\r\n");
    expect(&b, "[on b] ");
    expect(&a, "[on a] [again] ");
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"one-piece", play_one_piece}, {"pieces", play_pieces}, {"cut", play_cut},
    {"anywhere", play_anywhere},   {"alone", play_alone},   {"empty", play_empty},
    {"long", play_long},           {"two", play_two},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: split-line-end SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
