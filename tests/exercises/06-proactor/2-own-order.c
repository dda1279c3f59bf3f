/*
 * 2-own-order.c - plays the Proactor for a send_file(): what is done when, and how much of it
 *
 * usage: own-order SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was called and what was expected.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct done {
    void *who;
    ssize_t result;
};

void ask(void *who, char *buf, size_t len, size_t offset);
struct done wait_done(void);
void put_out(const char *bytes, size_t len);
bool send_file(size_t size);

enum { PIECE = 16, AT_ONCE = 4, MOST = 400, MOST_REQUESTS = 40 };
enum { LAST = 24, LINE = 120, MOST_ASKED = 4000 };

static struct request {
    void *who;
    char *buf;
    size_t len, offset;
} under_way[MOST_REQUESTS];

static int count;              /* of them */
static char file[MOST];        /* its bytes */
static size_t size, ends, out; /* as asked for; where it really ends; bytes put out */
static bool failed, counted;   /* a failure was told; how many are under way is checked */
static bool has[MOST];         /* these bytes have been told as done */
static char did[LINE], story[LAST][LINE]; /* this play, and what was called last in it */
static int lines, asks;

/* What the scenario says: which request is done next, and with what result. */
static int (*which)(void);
static ssize_t (*with)(const struct request *r);

static void
say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(story[lines++ % LAST], LINE, format, arguments);
    va_end(arguments);
}

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list arguments;

    printf("did: %s\n", did);
    if (lines > LAST)
        printf("  ... (%d calls before)\n", lines - LAST);
    for (int i = lines > LAST ? lines - LAST : 0; i < lines; i++)
        printf("%s\n", story[i % LAST]);
    printf("expected: %s\ngot: ", expected);
    va_start(arguments, format);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    exit(1);
}

/* ---- the Proactor ---- */

void
ask(void *who, char *buf, size_t len, size_t offset)
{
    say("  ask() for %zu bytes at %zu", len, offset);
    if (++asks > MOST_ASKED)
        wrong("it comes to an end", "%d requests for a file of %zu", MOST_ASKED, size);
    if (count == MOST_REQUESTS)
        wrong("four pieces at most are asked for at once", "forty");
    if (len == 0 || len > PIECE || offset + len > size)
        wrong("a request for a piece of the file, or for what is missing of it",
              "%zu bytes at %zu, of a file of %zu", len, offset, size);
    for (int i = 0; i < count; i++)
        if (buf < under_way[i].buf + under_way[i].len && under_way[i].buf < buf + len)
            wrong("a buffer that is under way is left alone", "the same one for %zu and for %zu",
                  under_way[i].offset, offset);
    for (size_t i = offset; i < offset + len; i++)
        if (has[i])
            wrong("of a piece that came short the rest is asked for, and no more",
                  "once more for the byte at %zu", i);
    under_way[count++] = (struct request){who, buf, len, offset};
    memset(buf, '#', len);
}

/* What could have gone out has, and as many pieces as may be are asked for, or wait for their turn.
 */
static void
look_at_window(void)
{
    size_t pieces = (size + PIECE - 1) / PIECE, gone = out / PIECE, asked = gone;

    if (out < size && has[out]) {
        size_t next = out;

        while (next < size && has[next])
            next++;
        if (next == size || next / PIECE > gone)
            wrong("what is whole, and whose turn it is, goes out before it waits",
                  "the piece at %zu has come, and has not gone out", gone * PIECE);
    }
    for (size_t piece = gone; piece < pieces; piece++) {
        size_t end = (piece + 1) * PIECE < size ? (piece + 1) * PIECE : size, next = piece * PIECE;
        bool is;

        while (next < end && has[next])
            next++;
        is = next == end; /* all of it lies there; else somebody has to be at it */
        for (int i = 0; i < count; i++)
            is |= under_way[i].offset / PIECE == piece;
        asked += is;
    }
    pieces = pieces - gone < AT_ONCE ? pieces - gone : AT_ONCE;
    if (asked - gone != pieces) {
        char text[80];

        snprintf(text, sizeof text, "%zu pieces are under way, or wait for their turn", pieces);
        wrong(text, "%zu", asked - gone);
    }
}

struct done
wait_done(void)
{
    struct request r;
    ssize_t result;
    int i;

    if (count == 0)
        wrong("wait_done() is called when something is under way", "it would sleep for ever");
    if (counted && !failed)
        look_at_window();
    for (i = 0; i < count; i++)
        memset(under_way[i].buf, '?', under_way[i].len);
    i = which();
    r = under_way[i];
    result = with(&r);
    memmove(&under_way[i], &under_way[i + 1], (size_t)(--count - i) * sizeof r);
    if (result > 0) {
        memcpy(r.buf, file + r.offset, (size_t)result);
        memset(has + r.offset, true, (size_t)result);
    } else {
        failed = true;
    }
    say("  wait_done(): what was asked for at %zu: %zd", r.offset, result);
    return (struct done){r.who, result};
}

void
put_out(const char *bytes, size_t len)
{
    say("  put_out() of %zu bytes: %.*s", len, len > PIECE ? PIECE : (int)len, bytes);
    if (out + len > size)
        wrong("each byte goes out once", "%zu bytes of a file of %zu", out + len, size);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != file[out + i])
            wrong("the bytes of the file, in its order", "'%c' for '%c', which is the byte at %zu",
                  bytes[i], file[out + i], out + i);
    out += len;
}

/* ---- which is done, and how much of it ---- */

static int
first(void)
{
    return 0;
}

static int
last(void)
{
    return count - 1;
}

/* The second one, as long as there are two: the oldest comes late. */
static int
second(void)
{
    return count > 1;
}

static int
any(void)
{
    return rand() % count;
}

static ssize_t
whole(const struct request *r)
{
    return (ssize_t)(r->offset + r->len <= ends ? r->len : ends > r->offset ? ends - r->offset : 0);
}

static ssize_t
five(const struct request *r)
{
    ssize_t n = whole(r);

    return n > 5 ? 5 : n;
}

static ssize_t
some(const struct request *r)
{
    ssize_t n = whole(r);

    return n > 1 && rand() % 3 == 0 ? 1 + rand() % (n - 1) : n;
}

static ssize_t
not_the_second(const struct request *r)
{
    return r->offset / PIECE == 1 ? -EIO : whole(r);
}

/* ---- the plays ---- */

static void
play(size_t bytes, size_t in_truth, int (*order)(void), ssize_t (*how_much)(const struct request *))
{
    bool sent;

    for (size_t i = 0; i < MOST; i++)
        file[i] = (char)("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 62]);
    size = bytes;
    ends = in_truth;
    which = order;
    with = how_much;
    out = 0;
    failed = false;
    memset(has, false, sizeof has);
    snprintf(did, LINE, "send_file(%zu)%s", size,
             ends < size ? ", of a file that is too short" : "");
    lines = asks = 0;
    sent = send_file(size);
    say("  returns %s", sent ? "true" : "false");
    if (count > 0)
        wrong("when it returns, nothing is under way any more", "%d requests are", count);
    if (sent != !failed)
        wrong(failed ? "false: something could not be read" : "true: all went well", "%s",
              sent ? "true" : "false");
    if (sent && out < size)
        wrong("when it returns, all has gone out", "%zu bytes of %zu", out, size);
}

static void
play_in_order(void)
{
    play(100, MOST, first, whole);
    play(64, MOST, first, whole);
}

static void
play_one(void)
{
    play(1, MOST, first, whole);
    play(PIECE, MOST, first, whole);
}

static void
play_turned(void)
{
    play(40, MOST, last, whole);
    play(200, MOST, last, whole);
    play(200, MOST, second, whole);
}

static void
play_short(void)
{
    play(12, MOST, first, five);
    play(100, MOST, first, five);
}

static void
play_window(void)
{
    counted = true;
    play(200, MOST, second, whole);
    play(200, MOST, last, whole);
    play(200, MOST, first, whole);
    play(200, MOST, last, five);
}

static void
play_fails(void)
{
    play(100, MOST, first, not_the_second);
    play(100, MOST, last, not_the_second);
    play(100, 40, first, whole);
    play(100, MOST, first, whole);
}

static void
play_chance(void)
{
    srand(6);
    for (int i = 0; i < 500; i++) {
        size_t bytes = 1 + (size_t)rand() % (MOST - 1);

        play(bytes, rand() % 5 ? MOST : (size_t)rand() % MOST, any, some);
    }
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"in-order", play_in_order}, {"one", play_one},       {"turned", play_turned},
    {"short", play_short},       {"window", play_window}, {"fails", play_fails},
    {"chance", play_chance},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: own-order SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
