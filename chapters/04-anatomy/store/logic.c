#include "logic.h"

#include "clock.h"
#include "commands.h"

#include <string.h>

static int64_t thinking_time; /* set before there are threads, then only read */

/* ---- lines ---- */

/* The first line in `in`, as far as it has come. */
struct line {
    char *bytes;
    size_t len; /* without the "\n" or "\r\n" at its end, */
    size_t end; /*   and how much of that has come */
    bool whole; /* the "\n" is there */
};

static struct line
first_line(const struct conversation *c)
{
    struct line line = {buffer_bytes(&c->in), buffer_length(&c->in), 0, false};
    const char *end = line.len > 0 ? memchr(line.bytes, '\n', line.len) : NULL;

    if (end) {
        line.len = (size_t)(end - line.bytes);
        line.end = 1;
        line.whole = true;
    }
    if (line.len > 0 && line.bytes[line.len - 1] == '\r') {
        line.len--;
        line.end++;
    }
    return line;
}

static void
consume_line(struct conversation *c, struct line line)
{
    buffer_consume(&c->in, line.len + line.end);
    c->too_long = !line.whole; /* then its rest is still to come */
}

bool
request_is_there(struct conversation *c)
{
    struct line line;

    if (c->too_long)
        consume_line(c, first_line(c));
    line = first_line(c);
    if (buffer_length(&c->in) == 0 || buffer_room(&c->out) < ANSWER_MOST)
        return false;
    return line.whole || line.len > LINE_MOST || c->ended;
}

void
answer_request(struct conversation *c)
{
    struct line line = first_line(c);

    if (thinking_time > 0)
        sleep_ms(thinking_time);
    if (line.len > LINE_MOST)
        buffer_print(&c->out, "error: the line is too long\n");
    else if (!line.whole) /* half a command may be another command */
        buffer_print(&c->out, "error: the last line has no end\n");
    else
        answer_line(line.bytes, line.len, &c->out);
    consume_line(c, line);
}

/* ---- a conversation ---- */

bool
conversation_begin(struct conversation *c)
{
    *c = (struct conversation){0};
    if (buffer_open(&c->in, IN_ROOM) && buffer_open(&c->out, OUT_ROOM))
        return true;
    conversation_end(c);
    return false;
}

void
conversation_end(struct conversation *c)
{
    buffer_close(&c->in);
    buffer_close(&c->out);
}

bool
conversation_is_over(const struct conversation *c)
{
    return c->ended && buffer_length(&c->in) == 0 && buffer_length(&c->out) == 0;
}

void
think_for(int64_t ms)
{
    thinking_time = ms;
}
