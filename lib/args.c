#include "args.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_OPTIONS = 16 };

/* On stdout for the reader who asks, with what each option means; else the line alone. */
static void
print_usage(FILE *out, const struct own_option *options, const char *operands)
{
    const struct own_option *o;

    fprintf(out, "usage: %s", program_invocation_short_name);
    for (o = options; o->letter; o++)
        fprintf(out, o->argument ? " [-%c %s]" : " [-%c]", o->letter, o->argument);
    fprintf(out, " [-h]%s%s\n", *operands ? " " : "", operands);
    for (o = options; out == stdout && o->letter; o++)
        printf("  -%c %-12s %s\n", o->letter, o->argument ? o->argument : "", o->meaning);
}

/* "HOST PORT [FILE]" names 2 operands that must be there and 1 that may. */
static bool
operands_fit(int given, const char *operands)
{
    int required = 0, optional = 0;

    for (const char *p = operands; *p; p++)
        if (p == operands || p[-1] == ' ')
            *p == '[' ? optional++ : required++;
    return given >= required && given <= required + optional;
}

char **
parse_args(int argc, char **argv, const struct own_option *own, const char *operands)
{
    const struct own_option none = {0}, *options = own ? own : &none, *o;
    char letters[2 * MOST_OPTIONS + 3] = ":h";
    int letter;

    for (o = options; o->letter; o++)
        strncat(letters, (char[]){o->letter, ':'}, o->argument ? 2 : 1);
    while ((letter = getopt(argc, argv, letters)) != -1) {
        if (letter == 'h') {
            print_usage(stdout, options, operands);
            exit(0);
        }
        for (o = options; o->letter && o->letter != letter; o++)
            ;
        if (!o->letter) /* an unknown option, or one without its value */
            break;
        *o->value = o->argument ? optarg : "";
    }
    if (letter != -1 || !operands_fit(argc - optind, operands)) {
        print_usage(stderr, options, operands);
        exit(2);
    }
    return argv + optind;
}

struct server_args
parse_server_args_and(int argc, char **argv, const struct own_option *own)
{
    struct server_args args = {.address = "127.0.0.1", .port = "8000"};
    struct own_option options[MOST_OPTIONS + 1] = {
        {'p', "PORT", "the port to listen on (8000; 0: any free one)", &args.port},
        {'b', "ADDRESS", "the address to listen on (127.0.0.1)", &args.address},
    };

    for (int i = 2; own && own->letter && i < MOST_OPTIONS; i++)
        options[i] = *own++;
    parse_args(argc, argv, options, "");
    parse_number(args.port, 0, 65535, "PORT");
    return args;
}

struct server_args
parse_server_args(int argc, char **argv)
{
    return parse_server_args_and(argc, argv, NULL);
}

long
parse_number(const char *text, long least, long most, const char *what)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || number < least || number > most) {
        fprintf(stderr, "%s: %s must be a whole number from %ld to %ld, not '%s'\n",
                program_invocation_short_name, what, least, most, text);
        exit(2);
    }
    return number;
}
