/*
 * bad-printf-in-handler.c - the handler prints, while the program is inside printf()
 *
 * Shows:  the inner printf() finds the stream half written, writes what the outer one is already
 *         writing, and the reader gets it twice.
 * Run:    build/02-io-models/bad-printf-in-handler
 * Watch:  the lines that should not be there. The signal is sent when the pipe is full, so that
 *         it comes within printf() each time; elsewhere that needs bad luck.
 * Twin:   says-it-later.c
 * Book:   02-io-models, "What goes wrong"
 */
#include "args.h"
#include "error.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES = 20000 }; /* more than fits into a pipe, so printf() sleeps in its write() */

static FILE *diary;

static void
on_news(int signal)
{
    (void)signal;
    fprintf(diary, "news\n");
}

/* Writes a diary, one line after another. */
static void
write_diary(void)
{
    struct sigaction action = {.sa_handler = on_news, .sa_flags = SA_RESTART};

    check(sigaction(SIGIO, &action, NULL), "sigaction");
    for (int i = 1; i <= LINES; i++)
        fprintf(diary, "line %d\n", i);
    fclose(diary);
}

/* The pipe is full and `writer` sleeps in write(): nothing has been added for a while. */
static void
wait_until_full(int pipe)
{
    int before, bytes = 0;

    do {
        before = bytes;
        usleep(20000);
        check(ioctl(pipe, FIONREAD, &bytes), "ioctl(FIONREAD)");
    } while (bytes == 0 || bytes != before);
}

/* Reads the diary: is every line in it once, and in order? Returns the exit status. */
static int
read_diary(FILE *file)
{
    char text[100], expected[100];
    int next = 1, told = 0, wrong = 0;

    while (fgets(text, sizeof text, file)) {
        snprintf(expected, sizeof expected, "line %d\n", next);
        if (strcmp(text, "news\n") == 0)
            told++;
        else if (strcmp(text, expected) == 0)
            next++;
        else
            wrong++;
    }
    printf("%d of %d lines in order, news told %d times, %d lines that should not be there\n",
           next - 1, LINES, told, wrong);
    return !(next == LINES + 1 && told == 1 && wrong == 0);
}

int
main(int argc, char **argv)
{
    int ends[2];
    pid_t writer;
    FILE *file;

    parse_args(argc, argv, NULL, "");
    check(pipe(ends), "pipe");
    writer = check(fork(), "fork");
    if (writer == 0) {
        close(ends[0]);
        diary = fdopen(ends[1], "w");
        write_diary();
        _exit(0);
    }
    close(ends[1]);
    wait_until_full(ends[0]);
    check(kill(writer, SIGIO), "kill");
    file = fdopen(ends[0], "r");
    return read_diary(file);
}
