#include "head.h"

#include <string.h>
#include <strings.h>

static const char version[] = "HTTP/1."; /* and one digit */

/* What the fields that concern us have said so far. */
struct fields {
    bool has_length, has_coding, chunked;
    bool close, keep_alive;
    uint64_t length;
};

size_t
find_head_end(const char *bytes, size_t len, size_t from)
{
    size_t at = from > 2 ? from - 2 : 0; /* the line feed before the empty line */
    const char *feed;

    while (at < len && (feed = memchr(bytes + at, '\n', len - at))) {
        at = (size_t)(feed - bytes) + 1;
        if (at < len && bytes[at] == '\n')
            return at + 1;
        if (at + 1 < len && bytes[at] == '\r' && bytes[at + 1] == '\n')
            return at + 2;
    }
    return 0;
}

bool
may_be_head(const char *bytes, size_t len)
{
    size_t most = sizeof version - 1;

    return memcmp(bytes, version, len < most ? len : most) == 0;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "HTTP/1.1 200 OK": the text at the end may be missing. */
static bool
read_status_line(const char *line, size_t len, struct head *head)
{
    if (len < 12 || !may_be_head(line, len) || !is_digit(line[7]) || line[8] != ' ')
        return false;
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]))
        return false;
    if (len > 12 && line[12] != ' ')
        return false;
    head->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return head->status >= 100 && head->status <= ANSWER_MOST_STATUS;
}

/* Digits and nothing else; said twice, the same: RFC 9112, section 6.3. */
static bool
read_length(const char *value, size_t len, struct fields *fields)
{
    uint64_t length = 0;

    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]) || length > (UINT64_MAX - 9) / 10)
            return false;
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (fields->has_length && length != fields->length)
        return false;
    fields->has_length = true;
    fields->length = length;
    return true;
}

/* The next member of a list, "a , b"; false when there is none. Empty ones do not count. */
static bool
next_member(const char **list, const char *end, const char **member, size_t *len)
{
    const char *p = *list, *stop;

    while (p < end && (is_blank(*p) || *p == ','))
        p++;
    if (p == end)
        return false;
    stop = memchr(p, ',', (size_t)(end - p));
    *list = stop ? stop : end;
    *member = p;
    for (stop = *list; is_blank(stop[-1]);)
        stop--;
    *len = (size_t)(stop - p);
    return true;
}

static bool
is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* Chunked delimits the body only where it is the last of the codings, and there once. */
static bool
read_codings(const char *value, size_t len, struct fields *fields)
{
    const char *list = value, *coding;
    size_t coding_len;

    while (next_member(&list, value + len, &coding, &coding_len)) {
        if (fields->chunked)
            return false;
        fields->has_coding = true;
        fields->chunked = is_word(coding, coding_len, "chunked");
    }
    return true;
}

static void
read_connection(const char *value, size_t len, struct fields *fields)
{
    const char *list = value, *option;
    size_t option_len;

    while (next_member(&list, value + len, &option, &option_len)) {
        fields->close = fields->close || is_word(option, option_len, "close");
        fields->keep_alive = fields->keep_alive || is_word(option, option_len, "keep-alive");
    }
}

static bool
read_field(const char *line, size_t len, struct fields *fields)
{
    const char *colon = memchr(line, ':', len), *value, *end = line + len;
    size_t name_len;

    if (is_blank(*line)) /* goes on with the field before it: obsolete, and nothing of ours */
        return true;
    if (!colon || colon == line || is_blank(colon[-1]))
        return false;
    name_len = (size_t)(colon - line);
    for (value = colon + 1; value < end && is_blank(*value);)
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    len = (size_t)(end - value);
    if (is_word(line, name_len, "content-length"))
        return read_length(value, len, fields);
    if (is_word(line, name_len, "transfer-encoding"))
        return read_codings(value, len, fields);
    if (is_word(line, name_len, "connection"))
        read_connection(value, len, fields);
    return true;
}

/* In this order: RFC 9112, section 6.3. Two lengths at once are how answers are smuggled. */
static bool
decide(const struct fields *fields, bool answers_head, bool is_old, struct head *head)
{
    int status = head->status;

    if (fields->has_coding && (fields->has_length || is_old))
        return false;
    if (answers_head || status < 200 || status == 204 || status == 304)
        head->body = BODY_NONE;
    else if (fields->has_coding)
        head->body = fields->chunked ? BODY_CHUNKED : BODY_UNTIL_END;
    else
        head->body = fields->has_length ? BODY_LENGTH : BODY_UNTIL_END;
    head->length = fields->length;
    head->closes = fields->close || (is_old && !fields->keep_alive) || head->body == BODY_UNTIL_END;
    return true;
}

bool
read_head(const char *bytes, size_t len, bool answers_head, struct head *head)
{
    const char *line = bytes, *end = bytes + len;
    struct fields fields = {0};

    for (;;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        size_t line_len = (size_t)(feed - line);

        if (line_len > 0 && feed[-1] == '\r')
            line_len--;
        if (line_len == 0) /* the empty line: find_head_end() has seen it */
            return line != bytes && decide(&fields, answers_head, bytes[7] == '0', head);
        if (line == bytes ? !read_status_line(line, line_len, head)
                          : !read_field(line, line_len, &fields))
            return false;
        line = feed + 1;
    }
}
