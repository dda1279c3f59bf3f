/*
 * values.h - what the values of options must be like; a wrong one ends the program with status 2
 */
#pragma once

#include "clients.h"

enum { MOST_BYTES = 1 << 26 };

/* Prints one line, as printf(3), and ends the program. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How much of `text` may be printed in one line: up to the first byte that is not visible. */
int visible(const char *text);

/* Unlike parse_number() they take fractions: half a second is long enough for a look. */
double parse_fraction(const char *text, double least, double most, const char *what);
int64_t parse_seconds(const char *text, double least); /* in ns */

/* "404", or "4xx" for 400 to 499. */
void parse_status(const char *text, struct plan *plan);

/* Both return `text`. */
const char *parse_header(const char *text);
const char *parse_method(const char *text);

/* `text` itself, or with "@file" what is in the file. */
void read_body(const char *text, struct plan *plan);
