/*
 * frame-machine.c - the machine of frame-machine.h
 *
 * Run:    make, then build/frame-machine cut (gdb --args build/frame-machine cut)
 * Test:   make test
 * Book:   08-fsm, "A machine for frames"
 */
#include "frame-machine.h"

/* What the next byte is. */
enum {
    TYPE,
    LENGTH, /* `count` bytes of it have come */
    DATA,   /* `left` bytes of it are still to come */
    DONE,   /* none: the end of the frame is to be told */
    BROKEN,
};

enum { MOST_LENGTH_BYTES = 3 };

void
frame_machine_start(struct frame_machine *machine, uint32_t most)
{
    *machine = (struct frame_machine){.state = TYPE, .most = most};
}

/* A byte of the length. FRAME_NEEDS_MORE: it is not the last. */
static enum frame_machine_event
take_length(struct frame_machine *m, uint8_t byte)
{
    m->length |= (uint32_t)(byte & 0x7f) << 7 * m->count++;
    if (m->length > m->most)
        return FRAME_ERROR;
    if (byte & 0x80)
        return m->count < MOST_LENGTH_BYTES ? FRAME_NEEDS_MORE : FRAME_ERROR;
    if (byte == 0 && m->count > 1)
        return FRAME_ERROR; /* the byte before it could have been the last */
    m->left = m->length;
    m->state = m->left > 0 ? DATA : DONE;
    return FRAME_BEGINS;
}

enum frame_machine_event
frame_machine_feed(struct frame_machine *m, const uint8_t *bytes, size_t len, size_t *used)
{
    enum frame_machine_event event = FRAME_NEEDS_MORE;
    size_t at = 0;

    *used = 0;
    if (m->state == DONE) {
        m->state = TYPE;
        return FRAME_ENDS;
    }
    if (m->state == DATA && len > 0) {
        m->data = bytes;
        m->data_len = *used = len < m->left ? len : m->left;
        m->left -= (uint32_t)m->data_len;
        if (m->left == 0)
            m->state = DONE;
        return FRAME_HAS_DATA;
    }
    for (; at < len && event == FRAME_NEEDS_MORE && m->state != BROKEN; at++) {
        if (m->state == TYPE) {
            m->type = bytes[at];
            m->length = m->count = 0;
            m->state = LENGTH;
        } else {
            event = take_length(m, bytes[at]);
        }
    }
    *used = at;
    if (event == FRAME_ERROR)
        m->state = BROKEN;
    return m->state == BROKEN ? FRAME_ERROR : event;
}

bool
frame_machine_is_inside(const struct frame_machine *m)
{
    return m->state != TYPE && m->state != BROKEN;
}
