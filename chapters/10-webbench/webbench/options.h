/*
 * options.h - what the command line asks for
 */
#pragma once

#include "plan.h"

/* Fills in `plan` up to plan->window. -h and -V are answered here; a mistake is status 2. */
void parse_options(int argc, char **argv, struct plan *plan);
