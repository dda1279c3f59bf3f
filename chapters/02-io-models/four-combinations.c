/*
 * four-combinations.c - two questions, four answers: who waits, and who copies?
 *
 * Shows:  runs each model of the chapter and puts it where its figures say. Did the thread get
 *         other work done while the data was on its way? That is blocking or nonblocking. Did
 *         its own calls copy the data? That is synchronous or asynchronous.
 * Run:    build/02-io-models/four-combinations
 * Watch:  where select, poll and epoll stand.
 * Book:   02-io-models, "Four combinations"
 */
#include "args.h"
#include "error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME = 11, ALL_KIB = 9 * 192, CELL = 80 };

static const char *const models[] = {
    "model-blocking",       "model-nonblocking",   "model-select",
    "model-poll",           "model-epoll",         "model-sigio",
    "model-aio -n suspend", "model-aio -n signal", "model-aio -n thread"};
static char cell[2][2][CELL]; /* [does the thread work meanwhile?][does somebody else copy?] */

/* Runs a model that stands in `folder`, and shows its row; the first one with the heading. */
static void
run(const char *folder, const char *model, bool heading, char row[200], bool quiet)
{
    char command[PATH_MAX + 64];
    FILE *output;

    snprintf(command, sizeof command, "exec '%s'/%s %s", folder, model, heading ? "" : "-r");
    output = popen(command, "r");
    if (!output)
        fail("popen", command);
    while (fgets(row, 200, output))
        if (!quiet)
            fputs(row, stdout);
    if (pclose(output) != 0)
        fail("popen", command);
    fflush(stdout);
}

static void
place(const char *row)
{
    char name[NAME + 1], *to;
    long work, copied;

    snprintf(name, sizeof name, "%.*s", NAME, row);
    for (size_t len = strlen(name); len > 0 && name[len - 1] == ' ';)
        name[--len] = '\0';
    if (sscanf(row + NAME, "%ld %*s %*s %*s %*s %*s %*s %*s %ld", &work, &copied) != 2)
        fail("sscanf", row);
    to = cell[work > 0][copied < ALL_KIB];
    snprintf(to + strlen(to), CELL - strlen(to), "%s%s", *to ? ", " : "", name);
}

int
main(int argc, char **argv)
{
    char folder[PATH_MAX] = "", row[200] = "";
    const char *quiet = NULL;
    const struct own_option own[] = {{'q', NULL, "without the rows", &quiet}, {0}};

    parse_args(argc, argv, own, "");
    if (readlink("/proc/self/exe", folder, sizeof folder - 1) == -1)
        fail("readlink", "/proc/self/exe");
    *strrchr(folder, '/') = '\0';
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        run(folder, models[i], i == 0, row, quiet != NULL);
        place(row);
    }
    printf("%sUntil the data is there  and then it is copied\n"
           "this thread              by its own calls,              by others,\n"
           "                         synchronous                    asynchronous\n"
           "  sleeps: blocking       %-31s%s\n"
           "  works:  nonblocking    %-31s%s\n\n"
           "select, poll and epoll only wait; the bytes came by a call of our own. So they\n"
           "stand beside blocking: they block, on many at once, and they are synchronous.\n",
           quiet ? "" : "\n", cell[0][0], cell[0][1], cell[1][0], cell[1][1]);
    return 0;
}
