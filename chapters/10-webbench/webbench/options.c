#include "options.h"

#include "args.h"
#include "clock.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: webbench [OPTION...] URL\n"
    "  -f, --force            close at once instead of waiting for the answer\n"
    "  -r, --reload           ask for an answer from no cache (Pragma: no-cache)\n"
    "  -t, --time SECONDS     how long is measured (30)\n"
    "  -p, --proxy HOST:PORT  ask this proxy for the URL\n"
    "  -c, --clients N        how many clients there are, each a process (1)\n"
    "  -9, --http09           HTTP/0.9: one line, and the answer has no head\n"
    "  -1, --http10           HTTP/1.0, which is the default\n"
    "  -2, --http11           HTTP/1.1, with Connection: close\n"
    "  --get, --head, --options, --trace    the method (GET)\n"
    "  -?, -h, --help         this text\n"
    "  -V, --version          which version this is\n"
    "\n"
    "A request has ended well (\"susceed\" is how the classic spells it) when the server has "
    "ended\n"
    "the connection, whatever it said before: a 404 is a success. So the classic counts. What was\n"
    "said stands in the line Answers, which the classic lacks, and decides on the exit status: 0\n"
    "every answer was a whole page (2xx), 1 not so, or there is no server, 2 wrong options, 3 not\n"
    "enough processes, or not every client has reported.\n";

static _Noreturn void
refuse(void)
{
    fputs("usage: webbench [OPTION...] URL      (webbench --help tells more)\n", stderr);
    exit(2);
}

static int64_t
parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.01 && seconds <= 86400)) {
        fprintf(stderr, "webbench: SECONDS must be a number from 0.01 to 86400, not '%s'\n", text);
        exit(2);
    }
    return (int64_t)(seconds * NS_PER_SECOND);
}

void
parse_options(int argc, char **argv, struct plan *plan)
{
    enum { GET = 256, HEAD, OPTIONS, TRACE };
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    static const struct option options[] = {
        {"force", 0, NULL, 'f'},  {"reload", 0, NULL, 'r'},      {"time", 1, NULL, 't'},
        {"proxy", 1, NULL, 'p'},  {"clients", 1, NULL, 'c'},     {"http09", 0, NULL, '9'},
        {"http10", 0, NULL, '1'}, {"http11", 0, NULL, '2'},      {"get", 0, NULL, GET},
        {"head", 0, NULL, HEAD},  {"options", 0, NULL, OPTIONS}, {"trace", 0, NULL, TRACE},
        {"help", 0, NULL, 'h'},   {"version", 0, NULL, 'V'},     {0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "frt:p:c:912hV", options, NULL)) != -1) {
        if (option == '?' && strcmp(argv[optind - 1], "-?") == 0)
            option = 'h';
        switch (option) {
        case 'f':
            plan->force = true;
            break;
        case 'r':
            plan->reload = true;
            break;
        case 't':
            plan->window = parse_seconds(optarg);
            break;
        case 'p':
            plan->proxy = optarg;
            break;
        case 'c':
            plan->clients = (int)parse_number(optarg, 1, MOST_CLIENTS, "CLIENTS");
            break;
        case '9':
            plan->http = HTTP_09;
            break;
        case '1':
            plan->http = HTTP_10;
            break;
        case '2':
            plan->http = HTTP_11;
            break;
        case 'h':
            fputs(help, stdout);
            exit(0);
        case 'V':
            puts("webbench of Ready or Not, after Web Bench 1.5");
            exit(0);
        case '?':
            refuse();
        default:
            plan->method = methods[option - GET];
        }
    }
    if (optind != argc - 1)
        refuse();
    plan->url = argv[optind];
}
