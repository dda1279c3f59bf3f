/*
 * trail.h - the trail that a machine leaves: its bytes on top, below each the state it led to
 *
 * What http-machine and frame-machine share. A byte that cannot be printed stands there as its
 * escape, written downwards: \ over r, or as two hexadecimal digits, 0 over 8.
 */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { TRAIL_WIDTH = 60, TRAIL_LENGTH = 1 << 16, MOST_STATES = 256 };

struct trail {
    const char *(*name)(unsigned state);
    size_t len; /* beyond TRAIL_LENGTH it is not recorded */
    unsigned char bytes[TRAIL_LENGTH], states[TRAIL_LENGTH];
};

static inline void
trail_add(struct trail *t, unsigned char byte, unsigned state)
{
    if (t->len == TRAIL_LENGTH)
        return;
    t->bytes[t->len] = byte;
    t->states[t->len++] = (unsigned char)state;
}

/* What stands for `byte` in the first line (row 0) and in the second. */
static inline char
trail_letter(unsigned char byte, int row)
{
    static const char letters[] = "0......\0.tn..r", digits[] = "0123456789abcdef";

    if (byte == '\0' || byte == '\t' || byte == '\n' || byte == '\r')
        return row == 0 ? '\\' : letters[byte];
    if (byte < ' ' || byte > '~')
        return digits[row == 0 ? byte >> 4 : byte & 15];
    return row == 0 ? (char)byte : ' ';
}

/* The line without the spaces at its end. */
static inline void
trail_put(const char *name, char *line, size_t len, const char *mark)
{
    while (!*mark && len > 0 && line[len - 1] == ' ')
        len--;
    printf("%-*s%.*s%s\n", len > 0 ? 16 : 0, name, (int)len, line, mark);
}

/* Draws the bytes from `from` on, at most one line full of them. */
static inline void
trail_draw_line(const struct trail *t, size_t from)
{
    size_t len = t->len - from < TRAIL_WIDTH ? t->len - from : TRAIL_WIDTH;
    char line[TRAIL_WIDTH];

    for (int row = 0; row < 2; row++) {
        for (size_t i = 0; i < len; i++)
            line[i] = trail_letter(t->bytes[from + i], row);
        trail_put("", line, len, "");
    }
    for (unsigned state = 0; state < MOST_STATES; state++) {
        if (!memchr(t->states + from, (int)state, len))
            continue;
        for (size_t i = 0; i < len; i++)
            line[i] = t->states[from + i] == state ? '#' : ' ';
        trail_put(t->name(state), line, len,
                  from + len == t->len && t->states[t->len - 1] == state ? " <" : "");
    }
}

static inline void
trail_draw(const struct trail *t)
{
    for (size_t from = 0; from < t->len; from += TRAIL_WIDTH)
        trail_draw_line(t, from);
}

/* ---- typing ---- */

static struct termios trail_before;

static inline void
trail_restore_keys(void)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &trail_before);
}

/* If standard input is a keyboard, every key is read as it is pressed. See termios(3). */
static inline bool
trail_read_keys(void)
{
    struct termios keys;

    if (tcgetattr(STDIN_FILENO, &trail_before) == -1)
        return false;
    keys = trail_before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    atexit(trail_restore_keys);
    return tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

/* The next byte of standard input, -1 at its end; on a keyboard, Ctrl-D is the end. */
static inline int
trail_next(bool keys)
{
    unsigned char byte;

    if (read(STDIN_FILENO, &byte, 1) != 1 || (keys && byte == 4))
        return -1;
    return byte;
}
