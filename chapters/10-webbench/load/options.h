/*
 * options.h - what the command line says
 */
#pragma once

#include "clients.h"

struct options {
    struct plan plan; /* all of it but the server's address */
    const char *host, *port;

    /* how the result is to be told; a path is NULL when nothing is to be written */
    const char *values, *json, *svg, *html;
    bool quiet, classic, distribution, samples;
};

/* A mistake ends the program with one line and status 2, -h with a list and status 0. */
void parse_options(int argc, char **argv, struct options *options);
