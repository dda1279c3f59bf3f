#include "logic.h"

#include "clock.h"
#include "storage.h"

#include <ctype.h>
#include <string.h>

enum { ANSWER_MOST = 6 + NAMES_MOST * (NAME_MOST + 1) + 1 }; /* "names", and all of them */

static int64_t thinking_time; /* set before there are threads, then only read */

/* ---- a request and its answer ---- */

static bool
is_name(const char *word)
{
    size_t len = word ? strlen(word) : 0;

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
            return false;
    return len >= 1 && len <= NAME_MOST;
}

static void
answer_set(const char *name, const char *value, struct buffer *out)
{
    if (!is_name(name) || !value)
        buffer_print(out, "error: set NAME VALUE\n");
    else if (strlen(value) > VALUE_MOST)
        buffer_print(out, "error: the value is too long\n");
    else if (storage_set(name, value))
        buffer_print(out, "ok\n");
    else
        buffer_print(out, "error: no room for another name\n");
}

static void
answer_get(const char *name, struct buffer *out)
{
    char value[VALUE_MOST + 1];

    if (storage_get(name, value))
        buffer_print(out, "value %s\n", value);
    else
        buffer_print(out, "none\n");
}

static void
answer_list(struct buffer *out)
{
    char names[NAMES_MOST * (NAME_MOST + 1) + 1];

    storage_list(names);
    buffer_print(out, "names%s\n", names);
}

/* `rest` is a line without its end, as a string. */
static void
answer_line(char *rest, struct buffer *out)
{
    const char *verb = strsep(&rest, " "), *name; /* ends the word with a 0; NULL: no more */

    if (strcmp(verb, "list") == 0 && !rest) {
        answer_list(out);
        return;
    }
    name = strsep(&rest, " ");
    if (strcmp(verb, "set") == 0)
        answer_set(name, rest, out);
    else if (strcmp(verb, "get") == 0 && is_name(name) && !rest)
        answer_get(name, out);
    else if (strcmp(verb, "delete") == 0 && is_name(name) && !rest)
        buffer_print(out, storage_delete(name) ? "ok\n" : "none\n");
    else
        buffer_print(out, "error: set NAME VALUE, get NAME, delete NAME, or list\n");
}

static bool
is_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)bytes[i]))
            return false;
    return true;
}

/* ---- lines ---- */

/* The first line in `in`, as far as it has come. */
struct line {
    char *bytes;
    size_t len; /* without the "\n" or "\r\n" at its end, */
    size_t end; /*   and so much of that has come */
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
    if (line.len > LINE_MOST) {
        buffer_print(&c->out, "error: the line is too long\n");
    } else if (!line.whole) { /* half a command may be another command */
        buffer_print(&c->out, "error: the last line has no end\n");
    } else if (!is_text(line.bytes, line.len)) {
        buffer_print(&c->out, "error: the line is no text\n");
    } else {
        line.bytes[line.len] = 0;
        answer_line(line.bytes, &c->out);
    }
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
