/*
 * log.h - a line for each answer: METHOD TARGET STATUS BYTES
 */
#pragma once

#include <stddef.h>

/* From now on the lines are appended to `file`; ends the program if it cannot be opened. */
void log_begin(const char *file);

/* Appends a line; it is whole and in the file when this returns. From any thread. */
void log_answer(const char *method, const char *target, size_t target_len, int status,
                size_t bytes);
