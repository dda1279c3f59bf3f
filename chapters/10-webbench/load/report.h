/*
 * report.h - what a run has shown, for people and for scripts
 */
#pragma once

#include "clients.h"

#include <stdio.h>

/* For people: at most 20 lines of 78 columns. */
void print_report(const struct plan *plan, const struct result *result);

/*
 * For scripts: `key=value`, a line each. All are whole numbers but `mode` and `seconds`; times
 * end in _us (microseconds), `rate` is answered requests per second, `bytes_moved` counts both
 * directions.
 */
void write_values(FILE *out, const struct plan *plan, const struct result *result);
