#include "answer.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

/* ---- the body, and its checksum ---- */

/* One step of the checksum of cksum(1): the remainder of a division, see POSIX. */
static uint32_t
sum_byte(uint32_t crc, unsigned char byte)
{
    crc ^= (uint32_t)byte << 24;
    for (int bit = 0; bit < 8; bit++)
        crc = crc & 0x80000000 ? crc << 1 ^ 0x04C11DB7 : crc << 1;
    return crc;
}

uint32_t
answer_checksum(const struct answer *a)
{
    uint32_t crc = a->crc;

    for (uint64_t len = a->body_len; len > 0; len >>= 8)
        crc = sum_byte(crc, (unsigned char)len);
    return ~crc;
}

static void
take_body(struct answer *a, const struct answer_rules *rules, const char *bytes, size_t len)
{
    a->body_len += len;
    for (size_t i = 0; rules->sums && i < len; i++)
        a->crc = sum_byte(a->crc, (unsigned char)bytes[i]);
}

/* ---- the head ---- */

static enum answer_event
begin_body(struct answer *a, const struct head *head)
{
    static const enum answer_state first[] = {
        [BODY_LENGTH] = IN_BODY, [BODY_CHUNKED] = CHUNK_SIZE, [BODY_UNTIL_END] = UNTIL_END};

    if (head->status < 200) /* what the server says meanwhile; 101 we have not asked for */
        return head->status == 101 ? ANSWER_BAD : ANSWER_MORE;
    a->status = head->status;
    a->closes = head->closes;
    a->body_len = a->crc = 0;
    a->left = head->body == BODY_LENGTH ? head->length : 0;
    if (head->body == BODY_NONE || (head->body == BODY_LENGTH && a->left == 0))
        return ANSWER_END;
    a->state = first[head->body];
    a->line_len = 0;
    return ANSWER_MORE;
}

/* Reads the whole head at `bytes`, and remembers it. */
static enum answer_event
take_whole_head(struct answer *a, const struct answer_rules *rules, struct known_head *known,
                const char *bytes, size_t len)
{
    struct head head;

    if (!read_head(bytes, len, rules->to_head, &head))
        return ANSWER_BAD;
    if (head.status >= 200) {
        memcpy(known->bytes, bytes, len);
        known->len = len;
        known->head = head;
    }
    return begin_body(a, &head);
}

/* Keeps a piece of a head until its end comes: *at goes on to there, or to the end of all. */
static enum answer_event
gather_head(struct answer *a, const struct answer_rules *rules, struct known_head *known,
            const char *bytes, size_t len, size_t *at)
{
    size_t room = LONGEST_HEAD - a->held_len, had = a->held_len;
    size_t n = len - *at < room ? len - *at : room, end;
    enum answer_event event;

    if (!a->held && !(a->held = malloc(LONGEST_HEAD)))
        fail("malloc", NULL);
    memcpy(a->held + had, bytes + *at, n);
    if (!may_be_head(a->held, had + n))
        return ANSWER_BAD;
    end = find_head_end(a->held, had + n, had);
    if (end == 0) {
        a->held_len = had + n;
        *at += n;
        return a->held_len < LONGEST_HEAD ? ANSWER_MORE : ANSWER_BAD;
    }
    *at += end - had;
    event = take_whole_head(a, rules, known, a->held, end);
    free(a->held);
    a->held = NULL;
    a->held_len = 0;
    return event;
}

static enum answer_event
take_head(struct answer *a, const struct answer_rules *rules, struct known_head *known,
          const char *bytes, size_t len, size_t *at)
{
    const char *here = bytes + *at;
    size_t left = len - *at, end;

    if (a->held_len > 0)
        return gather_head(a, rules, known, bytes, len, at);
    if (known->len > 0 && left >= known->len && memcmp(here, known->bytes, known->len) == 0) {
        *at += known->len;
        return begin_body(a, &known->head);
    }
    end = find_head_end(here, left < LONGEST_HEAD ? left : LONGEST_HEAD, 0);
    if (end == 0)
        return gather_head(a, rules, known, bytes, len, at);
    *at += end;
    return take_whole_head(a, rules, known, here, end);
}

/* ---- chunks: RFC 9112, section 7.1 ---- */

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* `line_len` counts the digits. */
static bool
take_size(struct answer *a, char c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        a->left = a->left << 4 | (uint64_t)digit;
        return ++a->line_len <= 15;
    }
    if (c != '\r' && c != ';' && c != ' ' && c != '\t')
        return false;
    a->state = c == '\r' ? CHUNK_FEED : CHUNK_EXTENSION;
    return a->line_len > 0;
}

static bool
expect(struct answer *a, char c, char expected, enum answer_state next)
{
    a->state = next;
    return c == expected;
}

/* One byte of what is between the chunks. */
static enum answer_event
take_between(struct answer *a, char c)
{
    bool good = true;

    switch (a->state) {
    case CHUNK_SIZE:
        good = take_size(a, c);
        break;
    case CHUNK_EXTENSION:
        if (c == '\r')
            a->state = CHUNK_FEED;
        good = c != '\n' && ++a->line_len < LONGEST_HEAD;
        break;
    case CHUNK_FEED:
        good = expect(a, c, '\n', a->left > 0 ? CHUNK_DATA : TRAILER_START);
        a->line_len = 0;
        break;
    case CHUNK_DATA_RETURN:
        good = expect(a, c, '\r', CHUNK_DATA_FEED);
        break;
    case CHUNK_DATA_FEED:
        good = expect(a, c, '\n', CHUNK_SIZE);
        break;
    case TRAILER_START:
        a->state = c == '\r' ? LAST_FEED : IN_TRAILER;
        break;
    case IN_TRAILER:
        if (c == '\n')
            a->state = TRAILER_START;
        good = ++a->line_len < LONGEST_HEAD;
        break;
    default: /* LAST_FEED */
        return c == '\n' ? ANSWER_END : ANSWER_BAD;
    }
    return good ? ANSWER_MORE : ANSWER_BAD;
}

/* ---- all of it ---- */

static enum answer_event
step(struct answer *a, const struct answer_rules *rules, struct known_head *known,
     const char *bytes, size_t len, size_t *at)
{
    size_t n = len - *at;

    switch (a->state) {
    case IN_HEAD:
        return take_head(a, rules, known, bytes, len, at);
    case IN_BODY:
    case CHUNK_DATA:
        if (n > a->left)
            n = (size_t)a->left;
        a->left -= n;
        /* fall through */
    case UNTIL_END:
        take_body(a, rules, bytes + *at, n);
        *at += n;
        if (a->state == CHUNK_DATA && a->left == 0)
            a->state = CHUNK_DATA_RETURN;
        return a->state == IN_BODY && a->left == 0 ? ANSWER_END : ANSWER_MORE;
    default:
        return take_between(a, bytes[(*at)++]);
    }
}

enum answer_event
take_answer(struct answer *a, const struct answer_rules *rules, struct known_head *known,
            const char *bytes, size_t len, size_t *used)
{
    enum answer_event event;

    *used = 0;
    do
        event = step(a, rules, known, bytes, len, used);
    while (event == ANSWER_MORE && *used < len);
    if (event == ANSWER_END)
        a->state = IN_HEAD;
    return event;
}
