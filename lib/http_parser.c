#include "http_parser.h"

#include <string.h>

/*
 * A state says what the next byte may be. Whatever is missing here is an error, 400, and the
 * state BROKEN. The figure in chapter 08 is drawn by running the machine: tests/http_parser.c.
 */
enum state {
    /* request-line = method SP request-target SP HTTP-version CRLF: RFC 9112, section 3 */
    START,    /* the first byte of a method, or an empty line before it: section 2.2 */
    START_LF, /* …_LF: a CR has come, and only its LF may follow */
    METHOD,
    TARGET,
    VERSION,
    REQUEST_LF,

    /* field-line = field-name ":" OWS field-value OWS CRLF: section 5 */
    FIELD, /* the first byte of a name, or the end of the head */
    NAME,
    BEFORE_VALUE,
    VALUE,
    VALUE_LF,
    HEAD_LF,

    /* what follows the head: section 6 */
    BODY, /* `left` bytes of it are still to come */
    DONE, /* nothing: it remains to tell the end of the message */

    /* chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF: section 7.1 */
    CHUNK, /* the first digit of a size */
    CHUNK_SIZE,
    CHUNK_BLANK, /* spaces before an extension */
    CHUNK_EXTENSION,
    CHUNK_LF,
    CHUNK_DATA, /* `left` bytes of it */
    DATA_CR,
    DATA_LF,

    /* after the chunk of size 0 */
    TRAILER, /* the first byte of a name, or the end of the message */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,

    BROKEN, /* nothing: the rest cannot be understood */
    STATES,
};

const char *
http_state_name(unsigned state)
{
#define NAME_OF(state) [state] = #state
    static const char *const names[STATES] = {
        NAME_OF(START),         NAME_OF(START_LF),    NAME_OF(METHOD),
        NAME_OF(TARGET),        NAME_OF(VERSION),     NAME_OF(REQUEST_LF),
        NAME_OF(FIELD),         NAME_OF(NAME),        NAME_OF(BEFORE_VALUE),
        NAME_OF(VALUE),         NAME_OF(VALUE_LF),    NAME_OF(HEAD_LF),
        NAME_OF(BODY),          NAME_OF(DONE),        NAME_OF(CHUNK),
        NAME_OF(CHUNK_SIZE),    NAME_OF(CHUNK_BLANK), NAME_OF(CHUNK_EXTENSION),
        NAME_OF(CHUNK_LF),      NAME_OF(CHUNK_DATA),  NAME_OF(DATA_CR),
        NAME_OF(DATA_LF),       NAME_OF(TRAILER),     NAME_OF(TRAILER_NAME),
        NAME_OF(TRAILER_VALUE), NAME_OF(TRAILER_LF),  NAME_OF(LAST_LF),
        NAME_OF(BROKEN),
    };

    return state < STATES ? names[state] : NULL;
}

/* ---- bytes: what each may be part of ---- */

enum kind {
    TOKEN = 1,   /* tchar: RFC 9110, section 5.6.2 */
    VISIBLE = 2, /* in a target: what RFC 3986 has, and what browsers send besides; never # */
    TEXT = 4,    /* in a field value: section 5.5; bytes above 0x7f are nobody's business */
    HOST = 8,    /* unreserved and sub-delims: RFC 3986, section 3.2.2 */
    HEX = 16,
    BLANK = 32,
};

enum {
    B_ = TEXT | BLANK,
    H_ = TEXT | TOKEN, /* # */
    V_ = TEXT | VISIBLE,
    T_ = V_ | TOKEN,
    R_ = V_ | HOST,
    W_ = T_ | HOST,
    X_ = W_ | HEX,
};

static const unsigned char kinds[256] = {
    /* clang-format off */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  B_, 0,  0,  0,  0,  0,  0,   /* 9 is the tab */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    B_, W_, V_, H_, W_, T_, W_, W_, R_, R_, W_, W_, R_, W_, W_, V_,  /*   ! " # $ % & ' ( ) * + , - . / */
    X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, V_, R_, V_, R_, V_, V_,  /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
    V_, X_, X_, X_, X_, X_, X_, W_, W_, W_, W_, W_, W_, W_, W_, W_,  /* @ A B C D E F G H I J K L M N O */
    W_, W_, W_, W_, W_, W_, W_, W_, W_, W_, W_, V_, V_, V_, T_, W_,  /* P Q R S T U V W X Y Z [ \ ] ^ _ */
    T_, X_, X_, X_, X_, X_, X_, W_, W_, W_, W_, W_, W_, W_, W_, W_,  /* ` a b c d e f g h i j k l m n o */
    W_, W_, W_, W_, W_, W_, W_, W_, W_, W_, W_, V_, T_, V_, W_, 0,   /* p q r s t u v w x y z { | } ~   */
    /* clang-format on */
    [0x80 ... 0xff] = TEXT,
};

static inline bool
is(enum kind kind, char c)
{
    return kinds[(unsigned char)c] & kind;
}

static inline bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where the run of bytes of this kind that begins at `at` ends; `end` at the latest. */
static inline size_t
skip(enum kind kind, const char *bytes, size_t at, size_t end)
{
    while (at < end && is(kind, bytes[at]))
        at++;
    return at;
}

/*
 * The same for TEXT, eight bytes at a time. In each byte of `low` the top bit is 0, so nothing is
 * carried from one byte into the next: adding 1 sets it in 0x7f only, adding 0x60 in all but the
 * control characters below 0x20. Where it was set from the beginning, anything goes.
 */
static inline size_t
skip_text(const char *bytes, size_t at, size_t end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;

    for (; at + 8 <= end; at += 8) {
        uint64_t eight, low;

        memcpy(&eight, bytes + at, 8);
        low = eight & ~tops;
        if (((low + ones) | ~(low + ones * 0x60)) & ~eight & tops)
            break;
    }
    return skip(TEXT, bytes, at, end);
}

/* ---- parts of the head ---- */

static inline struct http_part
part(size_t start, size_t end)
{
    return (struct http_part){(uint16_t)start, (uint16_t)(end - start)};
}

/* The same bytes, in small letters or capitals; `text` has small ones only. */
static inline bool
same_word(const char *bytes, size_t len, const char *text, size_t text_len)
{
    if (len != text_len)
        return false;
    for (size_t i = 0; i < len; i++) /* no head has the bytes that | 0x20 confuses */
        if ((bytes[i] | 0x20) != text[i])
            return false;
    return true;
}

#define SAME_WORD(bytes, part, text)                                                               \
    same_word((bytes) + (part).start, (part).len, text, sizeof(text) - 1)

/* Takes the first member off a list: RFC 9110, section 5.6.1. False: it has none. */
static bool
next_member(const char *bytes, struct http_part *list, struct http_part *member)
{
    size_t at = list->start, end = at + list->len, first, last;

    while (at < end && (bytes[at] == ',' || is(BLANK, bytes[at])))
        at++;
    for (first = at; at < end && bytes[at] != ','; at++)
        ;
    for (last = at; last > first && is(BLANK, bytes[last - 1]); last--)
        ;
    *list = part(at, end);
    *member = part(first, last);
    return last > first;
}

/*
 * uri-host [ ":" port ]: RFC 3986, section 3.2. Returns where the host ends, `end` or the colon
 * before a valid port; `start` if it is empty or invalid. In an address in brackets only the kind
 * of each byte is checked.
 */
static size_t
host_end(const char *bytes, size_t start, size_t end)
{
    size_t at = start, colon;
    unsigned port = 0;

    if (at < end && bytes[at] == '[') {
        for (at++; at < end && (is(HEX, bytes[at]) || bytes[at] == ':' || bytes[at] == '.'); at++)
            ;
        if (at < start + 3 || at == end || bytes[at++] != ']')
            return start;
    } else {
        while ((at = skip(HOST, bytes, at, end)) + 2 < end && bytes[at] == '%' &&
               is(HEX, bytes[at + 1]) && is(HEX, bytes[at + 2]))
            at += 3;
    }
    colon = at;
    if (at < end && bytes[at] == ':')
        while (++at < end && is_digit(bytes[at]) && port <= 65535)
            port = port * 10 + (unsigned)(bytes[at] - '0');
    return at == end && port <= 65535 ? colon : start;
}

/* ---- what a line means: 0, or the status that refuses it ---- */

enum { SEEN_HOST = 1, SEEN_LENGTH = 2, SEEN_CODING = 4, SEEN_CLOSE = 8, SEEN_KEEP_ALIVE = 16 };

/* HTTP-version = "HTTP/" DIGIT "." DIGIT, in capitals: RFC 9112, section 2.3. */
static int
understand_version(struct http_parser *p, const char *version, size_t len)
{
    if (len != 8 || memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]))
        return 400;
    if (version[5] != '1')
        return 505;
    p->minor_version = version[7] > '0';
    return 0;
}

static enum http_method
method_of(const char *name, size_t len)
{
#define NAME_IS(text) (len == sizeof(text) - 1 && memcmp(name, text, sizeof(text) - 1) == 0)
    if (NAME_IS("GET"))
        return METHOD_GET;
    if (NAME_IS("HEAD"))
        return METHOD_HEAD;
    if (NAME_IS("POST"))
        return METHOD_POST;
    if (NAME_IS("PUT"))
        return METHOD_PUT;
    if (NAME_IS("DELETE"))
        return METHOD_DELETE;
    if (NAME_IS("CONNECT"))
        return METHOD_CONNECT;
    if (NAME_IS("OPTIONS"))
        return METHOD_OPTIONS;
    if (NAME_IS("TRACE"))
        return METHOD_TRACE;
    return METHOD_OTHER;
#undef NAME_IS
}

/* absolute-form = scheme "://" authority, path and query: RFC 9112, section 3.2.2. */
static int
understand_absolute(struct http_parser *p, const char *bytes)
{
    size_t start = p->target.start, end = start + p->target.len, host, path;

    if (p->target.len > 7 && same_word(bytes + start, 7, "http://", 7))
        host = start + 7;
    else if (p->target.len > 8 && same_word(bytes + start, 8, "https://", 8))
        host = start + 8;
    else
        return 400;
    for (path = host; path < end && bytes[path] != '/' && bytes[path] != '?'; path++)
        ;
    p->form = FORM_ABSOLUTE;
    p->host = part(host, path);
    p->path = part(path, end);
    return host_end(bytes, host, path) > host ? 0 : 400;
}

/* authority-form = uri-host ":" port, and neither may be missing: section 3.2.3. */
static int
understand_authority(struct http_parser *p, const char *bytes)
{
    size_t start = p->target.start, end = start + p->target.len;
    size_t colon = host_end(bytes, start, end);

    p->form = FORM_AUTHORITY;
    p->host = p->target;
    return colon > start && colon + 1 < end ? 0 : 400;
}

static int
understand_target(struct http_parser *p, const char *bytes)
{
    char first = bytes[p->target.start];

    p->method = method_of(bytes + p->method_name.start, p->method_name.len);
    if (p->method == METHOD_CONNECT)
        return understand_authority(p, bytes);
    if (p->method == METHOD_OPTIONS && first == '*' && p->target.len == 1) {
        p->form = FORM_ASTERISK;
        return 0;
    }
    if (first != '/')
        return understand_absolute(p, bytes);
    p->form = FORM_ORIGIN;
    p->path = p->target;
    return 0;
}

/* Once, and valid; but if the target names a host, that one counts: section 3.2. */
static int
understand_host(struct http_parser *p, const char *bytes, struct http_part value)
{
    if (p->seen & SEEN_HOST)
        return 400;
    p->seen |= SEEN_HOST;
    if (value.len > 0 && host_end(bytes, value.start, value.start + value.len) == value.start)
        return 400;
    if (p->host.len == 0)
        p->host = value;
    return 0;
}

/* 1*DIGIT, once: RFC 9110, section 8.6. A number that does not fit stays a very large one. */
static int
understand_length(struct http_parser *p, const char *bytes, struct http_part value)
{
    const uint64_t most = (UINT64_MAX - 9) / 10;
    const char *digit = bytes + value.start;

    if (p->seen & SEEN_LENGTH || value.len == 0)
        return 400;
    p->seen |= SEEN_LENGTH;
    for (; value.len > 0; value.len--, digit++) {
        if (!is_digit(*digit))
            return 400;
        if (p->content_length > most)
            p->content_length = most;
        p->content_length = p->content_length * 10 + (uint64_t)(*digit - '0');
    }
    return 0;
}

/* "chunked" is the one coding we know; it comes last, and once: RFC 9112, sections 6.1 and 7. */
static int
understand_coding(struct http_parser *p, const char *bytes, struct http_part value)
{
    struct http_part member;

    p->seen |= SEEN_CODING;
    while (next_member(bytes, &value, &member)) {
        if (p->chunked)
            return 400;
        if (!SAME_WORD(bytes, member, "chunked"))
            return 501;
        p->chunked = true;
    }
    return 0;
}

/* RFC 9110, section 7.6.1. Members that we do not know are the names of fields. */
static int
understand_connection(struct http_parser *p, const char *bytes, struct http_part value)
{
    struct http_part member;

    while (next_member(bytes, &value, &member)) {
        if (SAME_WORD(bytes, member, "close"))
            p->seen |= SEEN_CLOSE;
        else if (SAME_WORD(bytes, member, "keep-alive"))
            p->seen |= SEEN_KEEP_ALIVE;
    }
    return 0;
}

/* RFC 9110, section 10.1.1. A client of HTTP/1.0 expects nothing. */
static int
understand_expect(struct http_parser *p, const char *bytes, struct http_part value)
{
    struct http_part member;

    while (p->minor_version > 0 && next_member(bytes, &value, &member)) {
        if (!SAME_WORD(bytes, member, "100-continue"))
            return 417;
        p->expects_continue = true;
    }
    return 0;
}

/* Most fields concern the caller alone; for nearly all of them the length of the name says so. */
static int
understand_field(struct http_parser *p, const char *bytes, const struct http_field *field)
{
    switch (field->name.len) {
    case sizeof "host" - 1:
        if (SAME_WORD(bytes, field->name, "host"))
            return understand_host(p, bytes, field->value);
        break;
    case sizeof "expect" - 1:
        if (SAME_WORD(bytes, field->name, "expect"))
            return understand_expect(p, bytes, field->value);
        break;
    case sizeof "connection" - 1:
        if (SAME_WORD(bytes, field->name, "connection"))
            return understand_connection(p, bytes, field->value);
        break;
    case sizeof "content-length" - 1:
        if (SAME_WORD(bytes, field->name, "content-length"))
            return understand_length(p, bytes, field->value);
        break;
    case sizeof "transfer-encoding" - 1:
        if (SAME_WORD(bytes, field->name, "transfer-encoding"))
            return understand_coding(p, bytes, field->value);
        break;
    }
    return 0;
}

/* How long the body is, and whether the connection can be used again: sections 6.3 and 9.3. */
static int
understand_head(struct http_parser *p)
{
    if (p->minor_version > 0 && !(p->seen & SEEN_HOST))
        return 400;
    if (p->seen & SEEN_CODING && (p->minor_version == 0 || p->seen & SEEN_LENGTH || !p->chunked))
        return 400;
    if (p->content_length > p->most_body)
        return 413;
    p->left = p->content_length;
    p->expects_continue = p->expects_continue && (p->chunked || p->left > 0);
    p->keep_alive = !(p->seen & SEEN_CLOSE) && (p->minor_version > 0 || p->seen & SEEN_KEEP_ALIVE);
    return 0;
}

/* ---- the machine ---- */

/*
 * No limit is checked byte by byte: the machine runs until the bytes end or the limit of the
 * moment is reached, whichever comes first.
 */
static size_t
run_until(const struct http_parser *p, size_t len)
{
    return len < p->limit ? len : p->limit;
}

static enum http_event
refuse(struct http_parser *p, int status)
{
    p->state = BROKEN;
    p->status = status;
    return HTTP_ERROR;
}

static void
begin_message(struct http_parser *p, size_t at)
{
    p->token = (uint16_t)at;
    p->limit = at + HTTP_LONGEST_REQUEST_LINE + 2;
    p->host = p->path = (struct http_part){0};
    p->expects_continue = false;
    p->chunked = false;
    p->content_length = 0;
    p->field_count = 0;
    p->seen = 0;
}

/*
 * Each case has at least one byte to look at. Nothing is done with before the head is complete.
 * (Not inlined, and neither is parse_body(): a call that finds the end of a message needs none
 * of their registers. That is 2 ns of 30.)
 */
static __attribute__((noinline)) enum http_event
parse_head(struct http_parser *p, const char *bytes, size_t len, size_t *used)
{
    size_t at = p->at, end = run_until(p, len), last;
    struct http_field *field = &p->fields[p->field_count];
    int status;
    enum state state = p->state;

    while (at < end) {
        switch (state) {
        case START:
            p->method = METHOD_OTHER; /* until it is known, for whoever has to answer an error */
            if (is(TOKEN, bytes[at])) {
                begin_message(p, at);
                end = run_until(p, len);
                field = p->fields;
                state = METHOD;
            } else if (bytes[at++] == '\r' && p->empty_lines++ < HTTP_MOST_EMPTY_LINES) {
                state = START_LF;
            } else {
                return refuse(p, 400);
            }
            break;
        case START_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            state = START;
            break;
        case METHOD:
            at = skip(TOKEN, bytes, at, end);
            if (at == end)
                break;
            if (bytes[at] != ' ')
                return refuse(p, 400);
            p->method_name = part(p->token, at);
            p->token = (uint16_t)++at;
            state = TARGET;
            break;
        case TARGET:
            at = skip(VISIBLE, bytes, at, end);
            if (at == end)
                break;
            if (bytes[at] != ' ' || at == p->token)
                return refuse(p, 400);
            p->target = part(p->token, at);
            p->token = (uint16_t)++at;
            state = VERSION;
            break;
        case VERSION: /* it is eight bytes long: understand_version() looks at each of them */
            at = skip_text(bytes, at, end);
            if (at == end)
                break;
            if (bytes[at++] != '\r')
                return refuse(p, 400);
            state = REQUEST_LF;
            break;
        case REQUEST_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            if ((status = understand_version(p, bytes + p->token, at - 2 - p->token)) != 0 ||
                (status = understand_target(p, bytes)) != 0)
                return refuse(p, status);
            p->limit = HTTP_LONGEST_HEAD;
            end = run_until(p, len);
            state = FIELD;
            break;
        case FIELD:
            if (bytes[at] == '\r') {
                at++;
                state = HEAD_LF;
            } else if (!is(TOKEN, bytes[at])) { /* a blank, too: no line is continued */
                return refuse(p, 400);
            } else if (p->field_count == HTTP_MOST_FIELDS) {
                return refuse(p, 431);
            } else {
                p->token = (uint16_t)at;
                state = NAME;
            }
            break;
        case NAME:
            at = skip(TOKEN, bytes, at, end);
            if (at == end)
                break;
            if (bytes[at] != ':')
                return refuse(p, 400);
            field->name = part(p->token, at++);
            state = BEFORE_VALUE;
            break;
        case BEFORE_VALUE:
            at = skip(BLANK, bytes, at, end);
            if (at == end)
                break;
            p->token = (uint16_t)at;
            state = VALUE;
            break;
        case VALUE:
            at = skip_text(bytes, at, end);
            if (at == end)
                break;
            if (bytes[at] != '\r')
                return refuse(p, 400);
            for (last = at; last > p->token && is(BLANK, bytes[last - 1]); last--)
                ;
            field->value = part(p->token, last);
            at++;
            state = VALUE_LF;
            break;
        case VALUE_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            if ((status = understand_field(p, bytes, field)) != 0)
                return refuse(p, status);
            p->field_count++;
            field++;
            state = FIELD;
            break;
        case HEAD_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            if ((status = understand_head(p)) != 0)
                return refuse(p, status);
            p->state = p->chunked ? CHUNK : p->left > 0 ? BODY : DONE;
            p->limit = SIZE_MAX;
            p->extensions = HTTP_LONGEST_EXTENSIONS;
            p->at = 0;
            *used = at;
            return HTTP_HEAD;
        default:
            return refuse(p, 400);
        }
    }
    if (at == p->limit)
        return refuse(p, state <= REQUEST_LF ? 414 : 431);
    p->state = (unsigned char)state;
    p->at = at;
    return HTTP_MORE;
}

static uint64_t
hex_value(char digit)
{
    return (uint64_t)(is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* What is left of the limit counts from the first byte that is not done with. */
static enum http_event
tell(struct http_parser *p, enum http_event event, size_t at, size_t *used)
{
    p->limit -= at;
    *used = at;
    return event;
}

static enum http_event
end_message(struct http_parser *p)
{
    p->state = START;
    p->empty_lines = 0;
    p->limit = HTTP_LONGEST_HEAD;
    return HTTP_END;
}

/* Each case has at least one byte to look at, and all that has been looked at is done with. */
static __attribute__((noinline)) enum http_event
parse_body(struct http_parser *p, const char *bytes, size_t len, size_t *used)
{
    size_t at = 0, end = run_until(p, len);
    char c;

    while (at < end) {
        switch ((enum state)p->state) {
        case BODY:
        case CHUNK_DATA:
            p->body = bytes + at;
            p->body_len = end - at < p->left ? end - at : (size_t)p->left;
            p->left -= p->body_len;
            if (p->left == 0)
                p->state = p->chunked ? DATA_CR : DONE;
            return tell(p, HTTP_BODY, at + p->body_len, used);
        case CHUNK:
            if (!is(HEX, bytes[at]))
                return refuse(p, 400);
            p->limit = at + HTTP_LONGEST_SIZE + 1;
            end = run_until(p, len);
            p->state = CHUNK_SIZE;
            break;
        case CHUNK_SIZE:
            c = bytes[at];
            if (is(HEX, c)) {
                p->left = p->left << 4 | hex_value(c); /* 16 digits fit */
                at++;
            } else if (c == '\r') {
                at++;
                p->limit = SIZE_MAX;
                end = len;
                p->state = CHUNK_LF;
            } else {
                p->limit = at + p->extensions;
                end = run_until(p, len);
                p->state = CHUNK_BLANK;
            }
            break;
        case CHUNK_BLANK:
            at = skip(BLANK, bytes, at, end);
            if (at == end)
                break;
            if (bytes[at++] != ';')
                return refuse(p, 400);
            p->state = CHUNK_EXTENSION;
            break;
        case CHUNK_EXTENSION: /* whatever it says: even in quotes there is no CR */
            at = skip_text(bytes, at, end);
            if (at == end)
                break;
            if (bytes[at++] != '\r')
                return refuse(p, 400);
            p->extensions = p->limit - at;
            p->limit = SIZE_MAX;
            end = len;
            p->state = CHUNK_LF;
            break;
        case CHUNK_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            if (p->left == 0) {
                p->limit = at + HTTP_LONGEST_TRAILERS;
                end = run_until(p, len);
                p->state = TRAILER;
                break;
            }
            if (p->left > p->most_body - p->content_length)
                return refuse(p, 413);
            p->content_length += p->left;
            p->state = CHUNK_DATA;
            break;
        case DATA_CR:
            if (bytes[at++] != '\r')
                return refuse(p, 400);
            p->state = DATA_LF;
            break;
        case DATA_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            p->state = CHUNK;
            break;
        case TRAILER:
            if (bytes[at] == '\r') {
                at++;
                p->state = LAST_LF;
            } else if (is(TOKEN, bytes[at])) {
                p->state = TRAILER_NAME;
            } else {
                return refuse(p, 400);
            }
            break;
        case TRAILER_NAME:
            at = skip(TOKEN, bytes, at, end);
            if (at == end)
                break;
            if (bytes[at++] != ':')
                return refuse(p, 400);
            p->state = TRAILER_VALUE;
            break;
        case TRAILER_VALUE:
            at = skip_text(bytes, at, end);
            if (at == end)
                break;
            if (bytes[at++] != '\r')
                return refuse(p, 400);
            p->state = TRAILER_LF;
            break;
        case TRAILER_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            p->state = TRAILER;
            break;
        case LAST_LF:
            if (bytes[at++] != '\n')
                return refuse(p, 400);
            *used = at;
            return end_message(p);
        default:
            return HTTP_ERROR;
        }
    }
    if (at == p->limit)
        return refuse(p, p->state == CHUNK_SIZE ? 400 : p->state < TRAILER ? 413 : 431);
    return tell(p, HTTP_MORE, at, used);
}

void
http_parser_start(struct http_parser *p, uint64_t most_body)
{
    begin_message(p, 0);
    p->state = START;
    p->empty_lines = 0;
    p->at = 0;
    p->limit = HTTP_LONGEST_HEAD;
    p->most_body = most_body;
    p->status = 0;
}

enum http_event
http_parse(struct http_parser *p, const char *bytes, size_t len, size_t *used)
{
    *used = 0;
    if (p->state == DONE)
        return end_message(p);
    if (p->state <= HEAD_LF)
        return parse_head(p, bytes, len, used);
    return parse_body(p, bytes, len, used);
}

bool
http_in_message(const struct http_parser *p)
{
    return p->state != START && p->state != START_LF;
}

const char *
http_find_field(const struct http_parser *p, const char *head, const char *name, size_t *len)
{
    size_t name_len = strlen(name);

    for (const struct http_field *field = p->fields; field < p->fields + p->field_count; field++) {
        if (!same_word(head + field->name.start, field->name.len, name, name_len))
            continue;
        *len = field->value.len;
        return head + field->value.start;
    }
    return NULL;
}
