/*
 * bad-state-in-locals.c - how many heads end in what is read from standard input?
 *
 * Shows:  the machine begins anew with each read: how far it had come was in a local variable. A
 *         head that a read cuts in its empty line is never found.
 * Run:    printf 'GET / HTTP/1.1\r\n\r\n' | build/08-fsm/bad-state-in-locals -n 1
 * Watch:  without -n it is right: here all came at once, as it does on one machine, in a test.
 * Twin:   counts-heads.c
 * Book:   08-fsm, "What goes wrong"
 */
#include "args.h"
#include "error.h"

#include <stdio.h>
#include <unistd.h>

enum state { IN_A_LINE, CR, LINE_ENDED, CR_AGAIN };

struct finder {
    int heads;
};

static enum state
next_state(enum state state, char byte)
{
    if (byte == '\r')
        return state == LINE_ENDED ? CR_AGAIN : CR;
    if (byte == '\n' && state == CR)
        return LINE_ENDED;
    return IN_A_LINE;
}

static void
feed(struct finder *f, const char *buf, size_t length)
{
    enum state state = IN_A_LINE;

    for (size_t i = 0; i < length; i++) {
        if (state == CR_AGAIN && buf[i] == '\n')
            f->heads++;
        state = next_state(state, buf[i]);
    }
}

int
main(int argc, char **argv)
{
    const char *piece = "4096";
    const struct own_option own[] = {{'n', "BYTES", "to read at a time (4096)", &piece}, {0}};
    struct finder finder = {.heads = 0};
    char buf[4096];
    ssize_t n;

    parse_args(argc, argv, own, "");
    while ((n = read(STDIN_FILENO, buf, (size_t)parse_number(piece, 1, sizeof buf, "BYTES"))) > 0)
        feed(&finder, buf, (size_t)n);
    check((int)n, "read");
    printf("heads: %d\n", finder.heads);
    return 0;
}
