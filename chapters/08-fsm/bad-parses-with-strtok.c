/*
 * bad-parses-with-strtok.c - takes request lines apart: method, target, version
 *
 * Shows:  strtok() takes any number of spaces for one, forgives those before and after, and stops
 *         at a NUL: what others refuse, or read differently, it makes into a request. It writes
 *         into the line, and keeps its place in a variable of libc, so there is one place for all
 *         connections. See strtok(3).
 * Run:    printf 'GET  /a HTTP/1.1\nGET /a HTTP/1.1\0more\n' | build/08-fsm/bad-parses-with-strtok
 * Twin:   request-line.c
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
    int count = 0;

    for (char *word = strtok(line, " "); word && count < PARTS; word = strtok(NULL, " "))
        part[count++] = (struct text){word, strlen(word)};
    return length > 0 && count == PARTS;
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
