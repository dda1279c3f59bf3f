/*
 * report.h - what a run has shown: for people, for scripts, and to look at
 *
 * Every form is made from the same `struct result`, and writes all of it at once.
 */
#pragma once

#include "clients.h"

#include <stdio.h>

/* For people, on stdout: at most 24 lines of 78 columns. */
void print_report(const struct plan *plan, const struct result *result);

/* In the form of the echo benchmarks that count requests and responses a second, on stdout. */
void print_classic(const struct plan *plan, const struct result *result);

/* How many answers took how long, a line for each span of time, with bars; on stdout. */
void print_distribution(const struct result *result);

/* A line for each second of the window, on stdout. */
void print_samples(const struct result *result);

/*
 * For scripts: `key=value`, a line each. All are whole numbers but `mode` and `seconds`; times
 * end in _us (microseconds), `rate` is answered requests per second, `bytes_moved` counts both
 * directions. service_, response_, first_byte_ and connect_ say of which histogram a figure is;
 * p50_us to mean_us without one are those of the service time.
 */
void write_values(FILE *out, const struct plan *plan, const struct result *result);

/* The same and more as one JSON object; the comment above it in report-json.c names the keys. */
void write_json(FILE *out, const struct plan *plan, const struct result *result);

/* The latencies by percentile, as one picture that stands alone. */
void write_svg(FILE *out, const struct plan *plan, const struct result *result);

/* Picture, figures, seconds, machine and command, as one page that needs no other file. */
void write_html(FILE *out, const struct plan *plan, const struct result *result);
