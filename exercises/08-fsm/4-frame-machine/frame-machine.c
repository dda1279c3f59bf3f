/*
 * frame-machine.c - the machine of frame-machine.h
 *
 * Run:    make, then build/frame-machine cut (gdb --args build/frame-machine cut)
 * Test:   make test
 * Book:   08-fsm, "A machine for frames"
 */
#include "frame-machine.h"

void
frame_machine_start(struct frame_machine *machine, uint32_t most)
{
    *machine = (struct frame_machine){.most = most};
}

enum frame_machine_event
frame_machine_feed(struct frame_machine *machine, const uint8_t *bytes, size_t len, size_t *used)
{
    /* TODO: the states first: what can the next byte be? */
    (void)machine;
    (void)bytes;
    *used = len;
    return FRAME_NEEDS_MORE;
}

bool
frame_machine_is_inside(const struct frame_machine *machine)
{
    return machine->state != 0;
}
