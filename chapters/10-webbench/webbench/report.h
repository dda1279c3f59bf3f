/*
 * report.h - what is printed at the end, and whether it is worth anything
 */
#pragma once

#include "plan.h"

/* Prints the two lines of the original, and ours. */
void print_report(const struct plan *plan, const struct tally *tally);

/* Was every answer a whole page? If not, one line on stderr says so. */
bool is_good(const struct plan *plan, const struct tally *tally);
