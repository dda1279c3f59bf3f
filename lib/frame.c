#include "frame.h"

#include <string.h>

/* A state says what the next byte is. The digits count down the bytes of a number. */
enum state {
    COMMAND,
    STREAM_4,
    STREAM_3,
    STREAM_2,
    STREAM_1,
    LENGTH_2,
    LENGTH_1,
    DATA, /* `left` bytes of it are still to come */
    DONE, /* nothing: it remains to tell the end of the frame */
    STATES,
};

const char *
frame_state_name(unsigned state)
{
    static const char *const names[STATES] = {"COMMAND",  "STREAM_4", "STREAM_3",
                                              "STREAM_2", "STREAM_1", "LENGTH_2",
                                              "LENGTH_1", "DATA",     "DONE"};

    return state < STATES ? names[state] : NULL;
}

void
frame_parser_start(struct frame_parser *p)
{
    *p = (struct frame_parser){.state = COMMAND};
}

enum frame_event
frame_parse(struct frame_parser *p, const uint8_t *bytes, size_t len, size_t *used)
{
    size_t at = 0;

    *used = 0;
    if (p->state == DONE) {
        p->state = COMMAND;
        return FRAME_END;
    }
    while (at < len) {
        switch ((enum state)p->state) {
        case COMMAND:
            p->command = bytes[at++];
            p->state = STREAM_4;
            break;
        case STREAM_4:
        case STREAM_3:
        case STREAM_2:
        case STREAM_1:
            p->stream = p->stream << 8 | bytes[at++];
            p->state++;
            break;
        case LENGTH_2:
            p->len = (uint16_t)(bytes[at++] << 8);
            p->state = LENGTH_1;
            break;
        case LENGTH_1:
            p->len |= bytes[at++];
            p->left = p->len;
            p->state = p->left > 0 ? DATA : DONE;
            *used = at;
            return FRAME_HEAD;
        case DATA:
            p->data = bytes + at;
            p->data_len = len - at < p->left ? len - at : p->left;
            p->left = (uint16_t)(p->left - p->data_len);
            if (p->left == 0)
                p->state = DONE;
            *used = at + p->data_len;
            return FRAME_DATA;
        case DONE:
        case STATES:
            break;
        }
    }
    *used = at;
    return FRAME_MORE;
}

bool
frame_in_frame(const struct frame_parser *p)
{
    return p->state != COMMAND;
}

size_t
frame_encode(uint8_t *out, size_t room, uint8_t command, uint32_t stream, const void *data,
             size_t len)
{
    if (len > FRAME_MOST_DATA || room < FRAME_HEAD_LEN + len)
        return 0;
    out[0] = command;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(stream >> (24 - 8 * i));
    out[5] = (uint8_t)(len >> 8);
    out[6] = (uint8_t)len;
    if (len > 0)
        memcpy(out + FRAME_HEAD_LEN, data, len);
    return FRAME_HEAD_LEN + len;
}
