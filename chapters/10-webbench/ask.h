/*
 * ask.h - one message to an echo server, and back
 *
 * What the small clients of this chapter share. A server that fails ends them: what a load
 * generator has to make of that stands in counts-by-kind.c.
 */
#pragma once

#include "error.h"
#include "io.h"
#include "net.h"

#include <errno.h>

static inline void
ask(int fd)
{
    char message[100] = "hello", answer[sizeof message];
    enum io_result result = write_all(fd, message, sizeof message);
    size_t got;

    if (result == IO_DATA)
        result = read_exactly(fd, answer, sizeof answer, &got);
    if (result == IO_END)
        errno = ECONNRESET; /* between an answer and the next nobody may leave */
    if (result != IO_DATA)
        fail("ask", NULL);
}
