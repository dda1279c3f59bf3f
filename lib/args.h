/*
 * args.h - the options that every program has, and a program's own
 *
 * -h prints what the program takes and exits with 0. A mistake prints one line on
 * stderr and exits with 2. See getopt(3).
 */
#pragma once

/* What every server takes. The strings are argv's own or constants: nobody frees them. */
struct server_args {
    const char *address; /* -b ADDRESS, 127.0.0.1 unless given */
    const char *port;    /* -p PORT, 8000 unless given; 0 lets the kernel choose */
};

/* One option that only this program has. A list of them ends with an empty one: {0}. */
struct own_option {
    char letter;
    const char *argument; /* what its value is called, "SECONDS"; NULL for a flag */
    const char *meaning;  /* for -h */
    const char **value;   /* left alone unless the option is given; a flag sets it to "" */
};

struct server_args parse_server_args(int argc, char **argv);
struct server_args parse_server_args_and(int argc, char **argv, const struct own_option *own);

/*
 * For programs that are not servers: their own options (`own` may be NULL), then as many
 * operands as `operands` names ("HOST PORT [FILE]"). Returns the operands, ended by NULL.
 */
char **parse_args(int argc, char **argv, const struct own_option *own, const char *operands);

/* `text` as a whole decimal number from `least` to `most`; else "`what` must be …", status 2. */
long parse_number(const char *text, long least, long most, const char *what);
