#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
buffer_open(struct buffer *b, size_t capacity)
{
    *b = (struct buffer){.memory = malloc(capacity)};
    if (b->memory)
        b->capacity = capacity;
    return b->memory;
}

void
buffer_close(struct buffer *b)
{
    free(b->memory);
    *b = (struct buffer){0};
}

size_t
buffer_length(const struct buffer *b)
{
    return b->end - b->start;
}

char *
buffer_bytes(const struct buffer *b)
{
    return b->memory + b->start;
}

void
buffer_consume(struct buffer *b, size_t len)
{
    b->start += len;
    if (b->start == b->end) /* empty: all of it is free again, and nothing has to be moved */
        b->start = b->end = 0;
}

enum io_result
buffer_write(struct buffer *b, int fd)
{
    ssize_t n;

    if (buffer_length(b) == 0)
        return IO_DATA;
    n = write(fd, buffer_bytes(b), buffer_length(b));
    if (n > 0)
        buffer_consume(b, (size_t)n);
    return io_result(n);
}

size_t
buffer_room(const struct buffer *b)
{
    return b->capacity - buffer_length(b);
}

/* What was consumed left a gap at the beginning; the rest moves there. */
static void
close_the_gap(struct buffer *b)
{
    if (b->start == 0)
        return;
    memmove(b->memory, buffer_bytes(b), buffer_length(b));
    b->end -= b->start;
    b->start = 0;
}

bool
buffer_append(struct buffer *b, const void *bytes, size_t len)
{
    if (len > buffer_room(b))
        return false;
    if (len == 0)
        return true; /* `bytes` may be NULL then */
    if (len > b->capacity - b->end)
        close_the_gap(b);
    memcpy(b->memory + b->end, bytes, len);
    b->end += len;
    return true;
}

bool
buffer_print(struct buffer *b, const char *format, ...)
{
    char *text;
    va_list arguments;
    bool fits;
    int len;

    va_start(arguments, format);
    len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len == -1)
        return false;
    fits = buffer_append(b, text, (size_t)len);
    free(text);
    return fits;
}

enum io_result
buffer_read(struct buffer *b, int fd)
{
    ssize_t n;

    if (buffer_room(b) == 0)
        return IO_NOT_YET;
    n = read(fd, buffer_space(b), buffer_room(b));
    if (n > 0)
        buffer_added(b, (size_t)n);
    return io_result(n);
}

char *
buffer_space(struct buffer *b)
{
    close_the_gap(b);
    return b->memory + b->end;
}

void
buffer_added(struct buffer *b, size_t len)
{
    b->end += len;
}
