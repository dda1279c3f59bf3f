/*
 * by-transition.c - the second form of a state machine: a current state, and transitions
 *
 * Shows:  a loop takes one new packet a turn, and what is done with it depends on where we are:
 *         A -> B -> C. The same packet is right in one state and a mistake in another.
 * Run:    printf 'H5carolD3oneD3twoE0' | build/08-fsm/by-transition
 * Watch:  printf 'H5carolD3one' | build/08-fsm/by-transition: every packet is whole, but the
 *         conversation is not. And 'D3one': data before the greeting.
 * Book:   08-fsm, "Two forms"
 */
#include "args.h"
#include "packet.h"

#include <stdio.h>
#include <unistd.h>

enum state {
    A_GREETING, /* wants H with a name */
    B_DATA,     /* wants D, as often as it comes, or E for the end */
    C_ENDED,
    REFUSED, /* a packet that has no business in the state it came in */
};

static const char *const name[] = {"A_GREETING", "B_DATA", "C_ENDED", "REFUSED"};

static enum state
next_state(enum state state, const struct packet *p)
{
    switch (state) {
    case A_GREETING:
        return p->type == 'H' ? B_DATA : REFUSED;
    case B_DATA:
        if (p->type == 'D')
            return B_DATA;
        return p->type == 'E' ? C_ENDED : REFUSED;
    case C_ENDED:
    case REFUSED:
        break;
    }
    return state; /* nothing leads out of these two */
}

int
main(int argc, char **argv)
{
    enum state state = A_GREETING;
    struct packet packet;
    enum packet_result result;

    parse_args(argc, argv, NULL, "");
    while (state != C_ENDED && state != REFUSED) {
        enum state before = state;

        result = next_packet(STDIN_FILENO, &packet);
        if (result != PACKET_WHOLE) {
            printf("%-10s the input ended here%s\n", name[state],
                   result == PACKET_END ? "" : ", in a packet");
            return 1;
        }
        state = next_state(state, &packet);
        printf("%-10s %c%d%-9.*s -> %s\n", name[before], packet.type, packet.length, packet.length,
               packet.data, name[state]);
    }
    return state != C_ENDED;
}
