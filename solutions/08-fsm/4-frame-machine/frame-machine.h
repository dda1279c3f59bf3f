/*
 * frame-machine.h - frames whose length takes one to three bytes, read by a machine
 *
 *     type (1) ‖ length of the data (1 to 3) ‖ data
 *
 * Of each byte of the length, the lower seven bits are a part of the number, the lowest part first;
 * the highest bit says that another byte follows. 5 is 05; 300 is AC 02. The number is written as
 * short as it can be: a last byte of 00 that is not the first is an error. So is a third byte that
 * says that a fourth follows, and a length that is more than the caller is ready to take.
 *
 *     struct frame_machine machine;
 *     frame_machine_start(&machine, 1 << 20);
 *     do {
 *         event = frame_machine_feed(&machine, bytes, len, &used);
 *         …                                   what the event says, below
 *         bytes += used, len -= used;
 *     } while (event != FRAME_NEEDS_MORE && event != FRAME_ERROR);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_LARGEST = (1 << 21) - 1 };

enum frame_machine_event {
    FRAME_NEEDS_MORE, /* all bytes are used, and there is nothing to tell */
    FRAME_BEGINS,     /* type and length are known */
    FRAME_HAS_DATA,   /* some of the data, 1 byte at least: machine->data, machine->data_len */
    FRAME_ENDS,       /* the frame is complete; what follows the used bytes is the next one */
    FRAME_ERROR,      /* no frame can be read any more; from now on it says nothing else */
};

struct frame_machine {
    /* from FRAME_BEGINS to FRAME_ENDS */
    uint8_t type;
    uint32_t length;

    /* of FRAME_HAS_DATA: the last data_len of the used bytes, where the caller has them */
    const uint8_t *data;
    size_t data_len;

    /* the machine's own, as it likes: all that it may remember */
    uint8_t state, count;
    uint32_t most, left;
};

/* Ready for the first byte. A length of more than `most`, FRAME_LARGEST at most, is an error. */
void frame_machine_start(struct frame_machine *machine, uint32_t most);

/*
 * Goes on with the `len` bytes at `bytes`, up to the next event, which is told as soon as it can be
 * known; *used says how many bytes are done with. However the bytes are cut into pieces, what is
 * told is the same, but for where the data is cut. It is called until it says FRAME_NEEDS_MORE,
 * with 0 bytes if need be: the end of a frame needs no byte of its own. Bytes are never copied, nor
 * looked at again once the call has returned. At FRAME_ERROR *used is not looked at.
 */
enum frame_machine_event frame_machine_feed(struct frame_machine *machine, const uint8_t *bytes,
                                            size_t len, size_t *used);

/* Has a frame begun whose end has not been told? Then the end of the connection cuts it off. */
bool frame_machine_is_inside(const struct frame_machine *machine);
