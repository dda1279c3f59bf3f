/*
 * split-line-end.c - next_line(): lines that end with CR LF, from pieces that end anywhere
 *
 * Run:    make, then build/split-line-end cut (gdb --args build/split-line-end cut)
 * Test:   make test
 * Book:   08-fsm, "A line end in two pieces"
 */
#include <stddef.h>

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
enum { IN_LINE, LINE_ENDED, CR_CAME };

static enum line_event
take(struct line_reader *r, char byte)
{
    if (r->state == LINE_ENDED)
        r->len = 0;
    if (r->state == CR_CAME) {
        r->state = LINE_ENDED;
        return byte == '\n' ? LINE_WHOLE : LINE_WRONG;
    }
    r->state = byte == '\r' ? CR_CAME : IN_LINE;
    if (byte == '\r')
        return LINE_MORE;
    if (byte == '\n' || r->len == LONGEST_LINE)
        return LINE_WRONG;
    r->line[r->len++] = byte;
    return LINE_MORE;
}

/*
 * Goes on with the `len` bytes at `bytes`, up to the end of a line; *used says how many are done
 * with. The caller keeps the rest, and calls again until the answer is LINE_MORE. What ends a line
 * is no part of it.
 */
enum line_event
next_line(struct line_reader *r, const char *bytes, size_t len, size_t *used)
{
    for (size_t i = 0; i < len; i++) {
        enum line_event event = take(r, bytes[i]);

        *used = i + 1;
        if (event != LINE_MORE)
            return event;
    }
    *used = len;
    return LINE_MORE;
}
