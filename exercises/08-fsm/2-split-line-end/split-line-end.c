/*
 * split-line-end.c - next_line(): lines that end with CR LF, from pieces that end anywhere
 *
 * Run:    make, then build/split-line-end cut (gdb --args build/split-line-end cut)
 * Test:   make test
 * Book:   08-fsm, "A line end in two pieces"
 */
#include <stddef.h>
#include <string.h>

enum { LONGEST_LINE = 100 };

enum line_event {
    LINE_MORE,  /* the line goes on in bytes that have not come yet; all of these are used */
    LINE_WHOLE, /* a line is complete: r->line, r->len; it stays until the next call */
    LINE_WRONG, /* a CR without LF, an LF without CR, or more than LONGEST_LINE bytes in a line */
};

/* All that is remembered of one connection. It begins with zeros; the tester has the same. */
struct line_reader {
    int state;
    size_t len;
    char line[LONGEST_LINE];
};

enum line_event next_line(struct line_reader *r, const char *bytes, size_t len, size_t *used);

/* What r->state can be. */
enum { IN_LINE, LINE_ENDED };

/*
 * Goes on with the `len` bytes at `bytes`, up to the end of a line; *used says how many are done
 * with. The caller keeps the rest, and calls again until the answer is LINE_MORE. What ends a line
 * is no part of it.
 */
enum line_event
next_line(struct line_reader *r, const char *bytes, size_t len, size_t *used)
{
    /* TODO: this finds CR LF only if both are in the same piece, and takes either alone for text */
    const char *end = memmem(bytes, len, "\r\n", 2);
    size_t n = end ? (size_t)(end - bytes) : len;

    if (r->state == LINE_ENDED)
        r->len = 0;
    if (n > LONGEST_LINE - r->len)
        return LINE_WRONG;
    memcpy(r->line + r->len, bytes, n);
    r->len += n;
    *used = end ? n + 2 : n;
    r->state = end ? LINE_ENDED : IN_LINE;
    return end ? LINE_WHOLE : LINE_MORE;
}
