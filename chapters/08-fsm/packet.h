/*
 * packet.h - packets that can be typed: a letter, a digit, and as many bytes as the digit says
 *
 *     E5hello        type E, length 5, data "hello"
 *
 * next_packet() sleeps until the packet is whole. That is the plain way, and the caller can do
 * nothing else meanwhile; the machines in lib/ are handed what there is, and return.
 */
#pragma once

#include "io.h"

#include <ctype.h>
#include <stddef.h>

enum { LONGEST_DATA = 9 };

struct packet {
    char type;
    int length;
    char data[LONGEST_DATA];
};

enum packet_result {
    PACKET_WHOLE,
    PACKET_END,   /* the input has ended, between two packets */
    PACKET_CUT,   /* the input has ended in the middle of one */
    PACKET_WRONG, /* its length is no digit: nobody knows where the next one begins */
};

static inline enum packet_result
next_packet(int fd, struct packet *packet)
{
    char head[2];
    size_t got;

    if (read_exactly(fd, head, sizeof head, &got) != IO_DATA)
        return got == 0 ? PACKET_END : PACKET_CUT;
    if (!isdigit((unsigned char)head[1]))
        return PACKET_WRONG;
    packet->type = head[0];
    packet->length = head[1] - '0';
    if (read_exactly(fd, packet->data, (size_t)packet->length, &got) != IO_DATA)
        return PACKET_CUT;
    return PACKET_WHOLE;
}
