#include "show.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 78, NAME = 13, MIDDLE = WIDTH - 2 * NAME, BODY_LINES = 3 };

static int64_t since; /* 0: nobody asks how long it takes */

void
begin_to_tell(void)
{
    since = now_ns();
}

void
tell(const char *step, const char *format, ...)
{
    va_list values;

    if (since == 0)
        return;
    printf("%8.2f ms  %-13s ", (double)(now_ns() - since) / NS_PER_MS, step);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

/* A line as it goes over the wire, with what cannot be seen made visible, cut to `room`. */
static void
make_visible(const char *line, size_t len, char *text, size_t room)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        char one[5];

        snprintf(one, sizeof one,
                 c == '\r'              ? "\\r"
                 : c == '\n'            ? "\\n"
                 : c < ' ' || c >= 0x7f ? "\\x%02x"
                                        : "%c",
                 c);
        if (used + strlen(one) + 3 > room && i + 1 < len) {
            strcpy(text + used, "...");
            return;
        }
        used += (size_t)sprintf(text + used, "%s", one);
    }
    text[used] = '\0';
}

/* `parts` are the names of what the line consists of, or "". */
static void
show(bool left, const char *name, const char *line, size_t len, const char *parts)
{
    char text[2 * WIDTH];

    make_visible(line, len, text, MIDDLE);
    if (*parts && strlen(text) + strlen(parts) + 5 <= MIDDLE)
        sprintf(text + strlen(text), "   (%s)", parts);
    if (left)
        printf("%-*s%s\n", NAME, name, text);
    else if (*name)
        printf("%*s%-*s%*s\n", NAME, "", MIDDLE, text, NAME, name);
    else
        printf("%*s%s\n", NAME, "", text);
}

void
show_head(bool left, const char *head, size_t len)
{
    for (size_t at = 0, line; at < len; at += line) {
        line = (size_t)((char *)memchr(head + at, '\n', len - at) + 1 - (head + at));
        if (line == 2)
            show(left, "blank line", head + at, line, "");
        else if (at > 0)
            show(left, "field", head + at, line, "");
        else if (left)
            show(left, "request line", head, line, "method, target, version");
        else
            show(left, "status line", head, line, "version, status, reason");
    }
}

void
show_body(const char *body, size_t len)
{
    int lines = 0;

    for (size_t at = 0, line; at < len; at += line) {
        const char *end = memchr(body + at, '\n', len - at);

        line = end ? (size_t)(end + 1 - (body + at)) : len - at;
        if (++lines > BODY_LINES) {
            show(false, "", "...", 3, "");
            return;
        }
        show(false, lines == 1 ? "body" : "", body + at, line, "");
    }
}
