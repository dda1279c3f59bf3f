/*
 * commands.h - what a line means: the half of the logic unit that asks the storage unit
 */
#pragma once

#include "buffer.h"
#include "storage.h"

#include <stddef.h>

enum { ANSWER_MOST = 6 + NAMES_MOST * (NAME_MOST + 1) + 1 }; /* "names", and all of them */

/*
 * Appends the answer to a line of `len` bytes; there is room for it. The bytes are changed, and
 * the one behind them, which was the end of the line, becomes a 0.
 */
void answer_line(char *line, size_t len, struct buffer *out);
