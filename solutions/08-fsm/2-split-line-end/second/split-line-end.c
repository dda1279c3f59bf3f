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

/* What r->state can be. Between two lines r->len is 0 only when the next byte has come. */
enum { IN_LINE, LINE_ENDED, CR_CAME };

/*
 * Goes on with the `len` bytes at `bytes`, up to the end of a line, by runs of bytes instead of
 * single ones; *used says how many are done with.
 */
enum line_event
next_line(struct line_reader *r, const char *bytes, size_t len, size_t *used)
{
    size_t run = 0;

    *used = len;
    if (len == 0)
        return LINE_MORE;
    if (r->state == CR_CAME) {
        r->state = LINE_ENDED;
        *used = 1;
        return bytes[0] == '\n' ? LINE_WHOLE : LINE_WRONG;
    }
    if (r->state == LINE_ENDED)
        r->len = 0;
    r->state = IN_LINE;
    while (run < len && bytes[run] != '\r' && bytes[run] != '\n')
        run++;
    if (run > LONGEST_LINE - r->len || (run < len && bytes[run] == '\n'))
        return LINE_WRONG;
    memcpy(r->line + r->len, bytes, run);
    r->len += run;
    if (run == len)
        return LINE_MORE;
    r->state = CR_CAME;
    if (run + 1 == len)
        return LINE_MORE;
    *used = run + 2;
    r->state = LINE_ENDED;
    return bytes[run + 1] == '\n' ? LINE_WHOLE : LINE_WRONG;
}
