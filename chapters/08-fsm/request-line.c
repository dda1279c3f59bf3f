/*
 * request-line.c - takes request lines apart: method, target, version
 *
 * Shows:  a machine of three states and a loop over the bytes: what is not a request line is
 *         found at the byte where it ceases to be one. The input is (pointer, length), so a NUL
 *         is a byte like any other, and not a letter of a target.
 * Run:    printf 'GET /a HTTP/1.1\nGET  /a HTTP/1.1\n' | build/08-fsm/request-line
 * Breaks: bad-parses-with-strtok.c
 * Book:   08-fsm, "What goes wrong"
 */
#include "args.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *at;
    size_t length;
};

enum { METHOD, TARGET, VERSION, PARTS };

/* Three parts, none of them empty, one space between them; false: it is something else. */
static bool
split(char *line, size_t length, struct text part[PARTS])
{
    int state = METHOD;
    size_t begin = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] > ' ' && line[i] < 127)
            continue; /* a letter of this part */
        if (i == begin || state == PARTS || (i < length && line[i] != ' '))
            return false;
        part[state++] = (struct text){line + begin, i - begin};
        begin = i + 1;
    }
    return state == PARTS;
}

int
main(int argc, char **argv)
{
    struct text part[PARTS];
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int refused = 0;

    parse_args(argc, argv, NULL, "");
    while ((n = getline(&line, &room, stdin)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');

        line[length] = '\0';
        if (!split(line, length, part)) {
            puts("400");
            refused++;
            continue;
        }
        for (int i = 0; i < PARTS; i++)
            printf("[%.*s]%c", (int)part[i].length, part[i].at, i == VERSION ? '\n' : ' ');
    }
    free(line);
    return refused > 0;
}
