/*
 * by-type.c - the first form of a state machine: the packet says which state handles it
 *
 * Shows:  each packet is selected by its type and handled by itself: nothing is remembered from
 *         one to the next. A length lets it pass over a type that it does not know.
 * Run:    printf 'E5helloU5helloC5hello' | build/08-fsm/by-type
 * Watch:  printf 'E5helloU5he' | build/08-fsm/by-type; echo $?
 * Breaks: a packet whose meaning depends on those before it: see by-transition.c.
 * Book:   08-fsm, "Two forms"
 */
#include "args.h"
#include "packet.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

static void
echo(const struct packet *p)
{
    printf("E: %.*s\n", p->length, p->data);
}

static void
capitals(const struct packet *p)
{
    printf("U: ");
    for (int i = 0; i < p->length; i++)
        putchar(toupper((unsigned char)p->data[i]));
    putchar('\n');
}

static void
count(const struct packet *p)
{
    printf("C: %d bytes\n", p->length);
}

static void
handle(const struct packet *p)
{
    switch (p->type) {
    case 'E':
        echo(p);
        break;
    case 'U':
        capitals(p);
        break;
    case 'C':
        count(p);
        break;
    default:
        printf("no type of ours, passed over: %d bytes\n", p->length);
    }
}

int
main(int argc, char **argv)
{
    static const char *const last_word[] = {
        [PACKET_END] = "the end",
        [PACKET_CUT] = "the input ended in the middle of a packet",
        [PACKET_WRONG] = "a length that is no digit",
    };
    struct packet packet;
    enum packet_result result;

    parse_args(argc, argv, NULL, "");
    while ((result = next_packet(STDIN_FILENO, &packet)) == PACKET_WHOLE)
        handle(&packet);
    puts(last_word[result]);
    return result != PACKET_END;
}
