/*
 * 2-leftovers.c - plays a peer for next_head()
 *
 * usage: leftovers SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it
 * should be, else tells what was called and what was expected.
 *
 * read() below is the one that next_head() meets: it brings what the scenario says.
 */
#include "error.h"
#include "io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST = 1024, SOME_FD = 42, MOST_PIECES = 5, MOST_TURNS = 4, MOST_READS = 3 * MOST };

struct connection {
    int fd;
    size_t len;
    char buf[MOST];
};

enum io_result next_head(struct connection *conn, char head[MOST], size_t *len);

/* Some bytes, or the end of the connection, or an errno. */
struct bytes {
    const char *at;
    size_t len;
    int error;
};

#define BYTES(text) (text), sizeof(text) - 1, 0
#define FAILS(error) NULL, 0, (error)
#define NOTHING "", 0, 0 /* of a read(): the end */

/* A call of next_head(), and what is to come of it; then a body of `skip` bytes is taken. */
struct turn {
    const char *head; /* NULL: `result` is not IO_DATA */
    struct bytes left;
    enum io_result result;
    int error;
    size_t skip;
};

struct scenario {
    const char *name, *text;
    struct bytes pieces[MOST_PIECES]; /* what a read() brings, at most */
    struct turn turns[MOST_TURNS];
    size_t most; /* bytes in one read(), if not 0 */
};

#define ONE "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
#define TWO "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n"
#define LONG "GET /1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX-Long: xxxxxxxxxxxxxxxxxxxxxx\r\n\r\n"
#define POST "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n"

static struct scenario scenarios[] = {
    {"whole", "a request comes whole", {{BYTES(ONE)}}, {{.head = ONE, .left = {NOTHING}}}, 0},
    {"end", "the peer ends", {{NOTHING}}, {{NULL, {NOTHING}, IO_END, 0, 0}}, 0},
    {"broken",
     "read() says ECONNRESET",
     {{FAILS(ECONNRESET)}},
     {{NULL, {NOTHING}, IO_FAILED, ECONNRESET, 0}},
     0},
    {"pieces",
     "a request comes in three pieces",
     {{BYTES("GET /1 HTTP/1.1\r\nHo")}, {BYTES("st: a\r\n\r")}, {BYTES("\n")}},
     {{.head = ONE, .left = {NOTHING}}},
     0},
    {"dribble",
     "two requests come, a byte a read()",
     {{BYTES(ONE)}, {BYTES(TWO)}},
     {{.head = ONE, .left = {NOTHING}}, {.head = TWO, .left = {NOTHING}}},
     1},
    {"two",
     "two requests come at once",
     {{BYTES(ONE TWO)}},
     {{.head = ONE, .left = {BYTES(TWO)}}, {.head = TWO, .left = {NOTHING}}},
     0},
    {"three",
     "three requests come at once, and then the end",
     {{BYTES(ONE TWO LONG)}, {NOTHING}},
     {{.head = ONE, .left = {BYTES(TWO LONG)}},
      {.head = TWO, .left = {BYTES(LONG)}},
      {.head = LONG, .left = {NOTHING}},
      {NULL, {NOTHING}, IO_END, 0, 0}},
     0},
    {"half",
     "one and a half requests come, then the rest",
     {{BYTES(ONE "GET /2 HT")}, {BYTES("TP/1.1\r\nHost: b\r\n\r\n")}},
     {{.head = ONE, .left = {BYTES("GET /2 HT")}}, {.head = TWO, .left = {NOTHING}}},
     0},
    {"stale",
     "a long request comes, then a shorter one, in two pieces",
     {{BYTES(LONG)}, {BYTES("GET /2 HTTP/1.1\r\nHost: b\r\n")}, {BYTES("\r\n")}},
     {{.head = LONG, .left = {NOTHING}}, {.head = TWO, .left = {NOTHING}}},
     0},
    {"body",
     "behind a head comes its body, with a zero and a blank line in it, then a request",
     {{BYTES(POST "a\0\r\n\r\n" ONE)}},
     {{.head = POST, .left = {BYTES("a\0\r\n\r\n" ONE)}, .skip = 6},
      {.head = ONE, .left = {NOTHING}}},
     0},
    {"zero",
     "there is a zero in the middle of a head",
     {{BYTES("GET /\0 HTTP/1.1\r\n\r\n" ONE)}},
     {{.head = "GET /\0 HTTP/1.1\r\n\r\n", .left = {BYTES(ONE)}}, {.head = ONE, .left = {NOTHING}}},
     0},
    {"cut-off",
     "the peer ends in the middle of a head",
     {{BYTES(ONE "GET /2")}, {NOTHING}},
     {{.head = ONE, .left = {BYTES("GET /2")}}, {NULL, {BYTES("GET /2")}, IO_END, 0, 0}},
     0},
    {"eintr",
     "signals come before and between the pieces (EINTR)",
     {{FAILS(EINTR)},
      {BYTES("GET /1 HTTP/1.1\r\n")},
      {FAILS(EINTR)},
      {FAILS(EINTR)},
      {BYTES("Host: a\r\n\r\n")}},
     {{.head = ONE, .left = {NOTHING}}},
     0},
    {"not-yet",
     "half a head comes, then read() says EAGAIN; later comes the rest",
     {{BYTES("GET /1 HTTP/1.1\r\n")}, {FAILS(EAGAIN)}, {BYTES("Host: a\r\n\r\n")}},
     {{NULL, {BYTES("GET /1 HTTP/1.1\r\n")}, IO_NOT_YET, 0, 0}, {.head = ONE, .left = {NOTHING}}},
     0},
    {"full",
     "1024 bytes come, without a blank line",
     {{FAILS(0)}},
     {{NULL, {NOTHING}, IO_FAILED, EMSGSIZE, 0}},
     MOST - 1},
    {"just-fits",
     "a head of 1024 bytes comes",
     {{FAILS(0)}},
     {{.head = "", .left = {NOTHING}}},
     MOST - 1},
};

static const char *const result_names[] = {"IO_DATA", "IO_END", "IO_NOT_YET", "IO_INTERRUPTED",
                                           "IO_FAILED"};
static const struct scenario *now; /* NULL: read() is the kernel's */
static struct {
    struct connection conn;
    char guard[64]; /* what lies after the buffer is not to be touched */
} it = {.conn.fd = SOME_FD};
static size_t piece, taken; /* which piece; how many bytes of it have been read */
static int reads;

static _Noreturn void
wrong(const char *expected, const char *got)
{
    printf("expected: %s\ngot: %s\n", expected, got);
    exit(1);
}

/* As a reader would write them, and not too many. */
static void
print_bytes(const char *before, const char *at, size_t len)
{
    printf("%s%zu bytes \"", before, len);
    for (size_t i = 0; i < len && i < 90; i++)
        if (at[i] == '\r' || at[i] == '\n')
            printf("\\%c", at[i] == '\r' ? 'r' : 'n');
        else if (at[i] < ' ')
            printf("\\%d", at[i]);
        else
            putchar(at[i]);
    printf("\"%s\n", len > 90 ? "…" : "");
}

static ssize_t
bring(char *to, size_t n)
{
    const struct bytes *from = &now->pieces[piece];
    size_t len = from->len - taken;

    if (!from->at) {
        piece++;
        printf("did:   read() = -1 %s\n", errno_name(from->error));
        errno = from->error;
        return -1;
    }
    if (len > n)
        len = n;
    if (now->most > 0 && len > now->most)
        len = now->most;
    memcpy(to, from->at + taken, len);
    taken += len;
    if (taken == from->len)
        piece++, taken = 0;
    if (now->most != 1)
        print_bytes("did:   read(): ", to, len);
    return (ssize_t)len;
}

/* Ends the program when what it is asked for can only be a mistake. */
ssize_t
read(int fd, void *to, size_t n)
{
    const char *room = it.conn.buf + MOST;

    if (!now)
        return syscall(SYS_read, fd, to, n);
    if (fd != SOME_FD)
        wrong("reads from conn->fd alone", "a read() from another descriptor");
    if (n == 0)
        wrong("never a read() of 0 bytes, which says 0 as if the peer had ended", "one");
    if ((char *)to >= it.conn.buf && (char *)to < room && n > (size_t)(room - (char *)to))
        wrong("it asks for no more than there is room for", "a read() beyond the end of conn->buf");
    if (++reads > MOST_READS)
        wrong("it ends", "it calls read() for ever");
    if (piece == MOST_PIECES || (!now->pieces[piece].at && now->pieces[piece].error == 0))
        wrong("no read() when all that is needed has come (it would sleep for ever)", "one more");
    return bring(to, n);
}

static void
say_result(const char *before, enum io_result result, int error)
{
    printf("%s%s%s%s\n", before, result <= IO_FAILED ? result_names[result] : "?",
           result == IO_FAILED ? ", errno = " : "", result == IO_FAILED ? errno_name(error) : "");
}

static void
compare(const char *what, struct bytes expected, const char *got, size_t got_len)
{
    if (expected.len == got_len && memcmp(expected.at, got, got_len) == 0)
        return;
    printf("expected: %s:\n", what);
    print_bytes("expected: ", expected.at, expected.len);
    print_bytes("got: ", got, got_len);
    exit(1);
}

/* Up to the first blank line; a head may hold a zero, so it has no other end. */
static size_t
head_length(const char *head)
{
    size_t len = 0;

    while (memcmp(head + len, "\r\n\r\n", 4) != 0)
        len++;
    return len + 4;
}

static void
take_turn(const struct turn *turn)
{
    static char head[MOST];
    size_t len = 7777;
    enum io_result result;
    int error;

    printf("did: next_head()\n");
    errno = 0;
    result = next_head(&it.conn, head, &len);
    error = errno;
    say_result("did:   it returns ", result, error);
    if (result != turn->result || (result == IO_FAILED && error != turn->error)) {
        say_result("expected: ", turn->result, turn->error);
        say_result("got: ", result, error);
        exit(1);
    }
    for (size_t i = 0; i < sizeof it.guard; i++)
        if (it.guard[i] != 0)
            wrong("nothing is written beyond the end of conn->buf", "something is");
    if (turn->head)
        compare("the head", (struct bytes){turn->head, head_length(turn->head), 0}, head,
                len <= MOST ? len : 0);
    compare("what is left over, in conn->buf", turn->left, it.conn.buf,
            it.conn.len <= MOST ? it.conn.len : 0);
    it.conn.len -= turn->skip;
    memmove(it.conn.buf, it.conn.buf + turn->skip, it.conn.len);
}

/* 1024 bytes; for "just-fits" the last of them are a blank line. */
static void
fill(struct scenario *scenario)
{
    static char many[MOST + 5];

    memset(many, 'x', MOST);
    memcpy(many, "GET /", 5);
    scenario->pieces[0] = (struct bytes){many, MOST, 0};
    if (scenario->turns[0].head) {
        memcpy(many + MOST - 4, "\r\n\r\n", 4);
        scenario->turns[0].head = many;
    } else {
        scenario->turns[0].left = scenario->pieces[0];
    }
}

static void
play(struct scenario *scenario)
{
    if (strcmp(scenario->name, "full") == 0 || strcmp(scenario->name, "just-fits") == 0)
        fill(scenario);
    printf("did: %s\n", scenario->text);
    now = scenario;
    for (size_t i = 0; i < MOST_TURNS && scenario->turns[i].left.at; i++)
        take_turn(&scenario->turns[i]);
    now = NULL;
    if (strcmp(scenario->name, "whole") == 0 && reads != 1)
        wrong("one read() for what one read() can bring", "more of them, see above");
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, name) != 0)
        i++;
    if (i == n) {
        printf("usage: leftovers SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    setlinebuf(stdout); /* what has been said is told, even if it crashes */
    play(&scenarios[i]);
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
