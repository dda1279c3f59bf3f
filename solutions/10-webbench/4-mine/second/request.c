#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What the next byte may be; …_LF: a CR has come, and only its LF may follow. */
enum state {
    START,
    START_LF,
    METHOD,
    TARGET,
    VERSION,
    LINE_LF,
    FIELD,
    NAME,
    VALUE,
    VALUE_LF,
    HEAD_LF,
    BODY,
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    TRAILER_REST,
    TRAILER_LF,
    LAST_LF,
};

enum { MOST_EMPTY_LINES = 4, MOST_DIGITS = 15 };

void
request_begin(struct request *r)
{
    memset(r, 0, sizeof *r); /* START is 0 */
}

bool
request_has_begun(const struct request *r)
{
    return r->state != START || r->empty_lines > 0;
}

bool
request_is_in_body(const struct request *r)
{
    return r->state >= BODY;
}

static enum request_event
refuse(struct request *r, int status)
{
    r->status = status;
    r->goes_on = false;
    return REQUEST_WRONG;
}

static enum request_event
go_to(struct request *r, enum state state)
{
    r->state = (int)state;
    return REQUEST_MORE;
}

/* `byte` has to be the one that leads to `state`. */
static enum request_event
demand(struct request *r, char byte, char expected, enum state state)
{
    return byte == expected ? go_to(r, state) : refuse(r, 400);
}

static bool
is_token(char byte)
{
    return isalnum((unsigned char)byte) || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool
is_text(char byte)
{
    return byte == '\t' || ((unsigned char)byte >= ' ' && byte != 127);
}

/* ---- what a line means: 0, or the status that refuses it ---- */

static int
understand_version(struct request *r)
{
    const char *v = r->word;

    if (r->word_len != 8 || memcmp(v, "HTTP/", 5) != 0 || v[6] != '.' ||
        !isdigit((unsigned char)v[5]) || !isdigit((unsigned char)v[7]))
        return 400;
    r->minor = v[7] > '0';
    return v[5] == '1' ? 0 : 505;
}

/* 1*DIGIT, and once: a length that two read differently is how requests are smuggled. */
static int
understand_length(struct request *r)
{
    if (++r->lengths > 1 || r->value_len == 0 || r->value_len > MOST_DIGITS)
        return r->lengths > 1 || r->value_len == 0 ? 400 : 413;
    for (size_t i = 0; i < r->value_len; i++) {
        if (!isdigit((unsigned char)r->value[i]))
            return 400;
        r->left = r->left * 10 + (uint64_t)(r->value[i] - '0');
    }
    return 0;
}

static int
understand_connection(struct request *r)
{
    char *rest = r->value, *member;

    while ((member = strsep(&rest, ", \t"))) {
        r->says_close = r->says_close || strcasecmp(member, "close") == 0;
        r->says_keep_alive = r->says_keep_alive || strcasecmp(member, "keep-alive") == 0;
    }
    return 0;
}

static int
understand_host(struct request *r)
{
    return ++r->hosts > 1 || strpbrk(r->value, " \t/?#@") ? 400 : 0;
}

static int
understand_field(struct request *r)
{
    while (r->value_len > 0 &&
           (r->value[r->value_len - 1] == ' ' || r->value[r->value_len - 1] == '\t'))
        r->value_len--;
    r->value[r->value_len] = '\0';
    if (strcasecmp(r->word, "Host") == 0)
        return understand_host(r);
    if (strcasecmp(r->word, "Content-Length") == 0)
        return understand_length(r);
    if (strcasecmp(r->word, "Connection") == 0)
        return understand_connection(r);
    if (strcasecmp(r->word, "Expect") == 0)
        r->expects_continue = strcasecmp(r->value, "100-continue") == 0;
    if (strcasecmp(r->word, "Transfer-Encoding") == 0) {
        r->chunked = strcasecmp(r->value, "chunked") == 0;
        return ++r->codings > 1 ? 400 : r->chunked ? 0 : 501;
    }
    return 0;
}

/* The empty line has come: is there a body, and how does it end? */
static enum request_event
end_head(struct request *r)
{
    if ((r->minor > 0 && r->hosts == 0) || (r->chunked && (r->lengths > 0 || r->minor == 0)))
        return refuse(r, 400);
    r->goes_on = !r->says_close && (r->minor > 0 || r->says_keep_alive);
    if (!r->chunked && r->left == 0)
        return REQUEST_WHOLE;
    r->state = r->chunked ? SIZE : BODY;
    return REQUEST_HEAD;
}

/* ---- the machine, part by part ---- */

static enum request_event
take_request_line(struct request *r, char byte)
{
    if (++r->line_len > MOST_LINE)
        return refuse(r, 414);
    switch (r->state) {
    case METHOD:
        if (byte == ' ')
            return go_to(r, TARGET);
        if (!is_token(byte))
            return refuse(r, 400);
        if (r->method_len < sizeof r->method - 1)
            r->method[r->method_len++] = byte;
        return REQUEST_MORE;
    case TARGET:
        if (byte == ' ' && r->target_len > 0)
            return go_to(r, VERSION);
        if (byte <= ' ' || byte == 127)
            return refuse(r, 400);
        r->target[r->target_len++] = byte; /* there is room: the line is short enough */
        return REQUEST_MORE;
    case VERSION:
        if (byte == '\r')
            return go_to(r, LINE_LF);
        if (r->word_len == 8)
            return refuse(r, 400);
        r->word[r->word_len++] = byte;
        return REQUEST_MORE;
    default: /* LINE_LF */
        r->status = byte == '\n' ? understand_version(r) : 400;
        return r->status == 0 ? go_to(r, FIELD) : refuse(r, r->status);
    }
}

static enum request_event
take_field(struct request *r, char byte)
{
    if (++r->head_len > MOST_HEAD)
        return refuse(r, 431);
    switch (r->state) {
    case FIELD:
        if (byte == '\r')
            return go_to(r, HEAD_LF);
        r->word_len = r->value_len = 0;
        r->state = NAME;
        /* fall through */
    case NAME:
        if (byte == ':' && r->word_len > 0) {
            r->word[r->word_len] = '\0';
            return go_to(r, VALUE);
        }
        if (!is_token(byte))
            return refuse(r, 400);
        if (r->word_len < sizeof r->word - 1) /* one that is cut off is none of ours */
            r->word[r->word_len++] = byte;
        return REQUEST_MORE;
    case VALUE:
        if (byte == '\r')
            return go_to(r, VALUE_LF);
        if (!is_text(byte))
            return refuse(r, 400);
        if (r->value_len < sizeof r->value - 1 && (r->value_len > 0 || !isblank(byte)))
            r->value[r->value_len++] = byte;
        return REQUEST_MORE;
    case VALUE_LF:
        r->status = byte == '\n' ? understand_field(r) : 400;
        return r->status == 0 ? go_to(r, FIELD) : refuse(r, r->status);
    default: /* HEAD_LF */
        return byte == '\n' ? end_head(r) : refuse(r, 400);
    }
}

static int
hex_value(char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = byte ? strchr(digits, tolower((unsigned char)byte)) : NULL;

    return digit ? (int)(digit - digits) : -1;
}

static enum request_event
take_size(struct request *r, char byte)
{
    if (hex_value(byte) >= 0 && r->digits < MOST_DIGITS) {
        r->left = r->left << 4 | (uint64_t)hex_value(byte);
        r->digits++;
        return REQUEST_MORE;
    }
    if (r->digits == 0)
        return refuse(r, 400);
    if (byte == ';')
        return go_to(r, EXTENSION);
    return demand(r, byte, '\r', SIZE_LF);
}

static enum request_event
take_chunked(struct request *r, char byte)
{
    if ((r->state == EXTENSION || r->state >= TRAILER) && ++r->extra_len > MOST_EXTRA)
        return refuse(r, 431);
    switch (r->state) {
    case SIZE:
        return take_size(r, byte);
    case EXTENSION:
        if (byte == '\r')
            return go_to(r, SIZE_LF);
        return is_text(byte) ? REQUEST_MORE : refuse(r, 400);
    case SIZE_LF:
        r->digits = 0;
        return demand(r, byte, '\n', r->left > 0 ? DATA : TRAILER);
    case DATA:
        return --r->left > 0 ? REQUEST_MORE : go_to(r, DATA_CR);
    case DATA_CR:
        return demand(r, byte, '\r', DATA_LF);
    case DATA_LF:
        return demand(r, byte, '\n', SIZE);
    case TRAILER:
        if (byte == '\r')
            return go_to(r, LAST_LF);
        return is_token(byte) ? go_to(r, TRAILER_REST) : refuse(r, 400);
    case TRAILER_REST:
        if (byte == '\r')
            return go_to(r, TRAILER_LF);
        return is_text(byte) ? REQUEST_MORE : refuse(r, 400);
    case TRAILER_LF:
        return demand(r, byte, '\n', TRAILER);
    default: /* LAST_LF */
        return byte == '\n' ? REQUEST_WHOLE : refuse(r, 400);
    }
}

enum request_event
request_take(struct request *r, char byte)
{
    switch (r->state) {
    case START:
        if (byte == '\r' && ++r->empty_lines <= MOST_EMPTY_LINES)
            return go_to(r, START_LF);
        r->state = METHOD;
        return byte == ' ' ? refuse(r, 400) : take_request_line(r, byte);
    case START_LF:
        return demand(r, byte, '\n', START);
    case METHOD:
    case TARGET:
    case VERSION:
    case LINE_LF:
        return take_request_line(r, byte);
    case BODY:
        return --r->left > 0 ? REQUEST_MORE : REQUEST_WHOLE;
    default:
        return r->state < BODY ? take_field(r, byte) : take_chunked(r, byte);
    }
}
