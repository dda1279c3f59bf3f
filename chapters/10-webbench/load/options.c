#include "options.h"

#include "args.h"
#include "clock.h"
#include "error.h"
#include "url.h"
#include "values.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CLIENTS = 1000000, MOST_THREADS = 1000, MOST_PIPELINE = 10000 };
enum {
    MOST_TAPE = 1 << 30
}; /* bytes; http.c keeps a request for each URL, and as many in flight */

/* What has no letter. */
enum { VISITS = 'V', BODY_LENGTH_OF = 'B', CHECKSUM = 'S', JSON = 256, SVG, HTML, SAMPLES };

static const struct option long_options[] = {
    {"connections", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 'T'},
    {"time", required_argument, NULL, 't'},
    {"requests", required_argument, NULL, 'n'},
    {"warm-up", required_argument, NULL, 'W'},
    {"rate", required_argument, NULL, 'R'},
    {"timeout", required_argument, NULL, 'w'},
    {"visits", no_argument, NULL, VISITS},
    {"echo", required_argument, NULL, 'l'},
    {"method", required_argument, NULL, 'm'},
    {"header", required_argument, NULL, 'H'},
    {"data", required_argument, NULL, 'd'},
    {"pipeline", required_argument, NULL, 'p'},
    {"expect", required_argument, NULL, 'e'},
    {"body-length", required_argument, NULL, BODY_LENGTH_OF},
    {"checksum", required_argument, NULL, CHECKSUM},
    {"output", required_argument, NULL, 'o'},
    {"json", required_argument, NULL, JSON},
    {"svg", required_argument, NULL, SVG},
    {"html", required_argument, NULL, HTML},
    {"distribution", no_argument, NULL, 'D'},
    {"samples", no_argument, NULL, SAMPLES},
    {"classic", no_argument, NULL, 'C'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char help[] =
    "usage: load [OPTION...] HOST PORT      echo: what is sent must come back\n"
    "       load [OPTION...] URL...         HTTP/1.1: URLs of one server, asked in rotation\n"
    "\n"
    "how much, and how fast\n"
    "  -c, --connections N   clients at once (100)\n"
    "  -T, --threads N       threads that share them (1)\n"
    "  -t, --time SECONDS    how long is measured (3); Ctrl-C ends it before that\n"
    "  -n, --requests N      so many requests in all; without -t however long they take\n"
    "  -W, --warm-up SECONDS load before the time that is measured (0)\n"
    "  -R, --rate N          requests a second of all clients together, due at fixed moments\n"
    "                        however slow the server is; without it, as fast as it answers.\n"
    "                        What fails, or is not sent, is in no time: the report says so\n"
    "  -w, --timeout SECONDS who waits for longer has failed (10)\n"
    "      --visits          a connection for each request; without it they are kept\n"
    "what is asked\n"
    "  -l, --echo BYTES      echo: the length of a message (100)\n"
    "  -m, --method METHOD   (GET; with -d POST)\n"
    "  -H, --header 'A: b'   one more header, or one in the place of ours; may be repeated\n"
    "  -d, --data TEXT       a body; @FILE: what is in the file\n"
    "  -p, --pipeline N      requests in flight on one connection (1)\n"
    "what counts as answered; all else has failed\n"
    "  -e, --expect STATUS   a status, or a class of them like 3xx (2xx)\n"
    "      --body-length N   bytes that each body must have\n"
    "      --checksum SUM    of each body, as `cksum` prints it: its first number\n"
    "what is told\n"
    "  -o, --output FILE     writes the results as key=value lines\n"
    "      --json FILE, --svg FILE, --html FILE\n"
    "                        writes them so; - is standard output\n"
    "  -D, --distribution    a histogram of the latencies\n"
    "      --samples         a line for each second\n"
    "  -C, --classic         nothing but requests and responses a second\n"
    "  -q, --quiet           no report and no progress\n"
    "  -h, --help            this\n"
    "\n"
    "Status: 0 all was answered, 1 something failed or nothing was answered, 2 wrong options.\n";

/* The options in groups, as in the help. False: this is none of them. */
static bool
parse_amount(int option, const char *value, struct plan *plan)
{
    switch (option) {
    case 'c':
        plan->clients = (int)parse_number(value, 1, MOST_CLIENTS, "CONNECTIONS");
        return true;
    case 'T':
        plan->threads = (int)parse_number(value, 1, MOST_THREADS, "THREADS");
        return true;
    case 't':
        plan->window = parse_seconds(value, 0.1);
        return true;
    case 'n':
        plan->requests = (uint64_t)parse_number(value, 1, INT64_MAX, "REQUESTS");
        return true;
    case 'W':
        plan->warm_up = parse_seconds(value, 0);
        return true;
    case 'R':
        plan->rate = parse_fraction(value, 0.01, 1e8, "RATE");
        return true;
    case 'w':
        plan->patience = parse_seconds(value, 0.1);
        return true;
    case VISITS:
        return plan->visits = true;
    default:
        return false;
    }
}

static bool
parse_request(int option, const char *value, struct plan *plan)
{
    switch (option) {
    case 'l':
        plan->bytes = (size_t)parse_number(value, 1, MOST_BYTES, "BYTES");
        return true;
    case 'm':
        plan->method = parse_method(value);
        return true;
    case 'd':
        read_body(value, plan);
        return true;
    case 'p':
        plan->pipeline = (int)parse_number(value, 1, MOST_PIPELINE, "PIPELINE");
        return true;
    default: /* 'H', of which there may be many, is parse_options()'s */
        return false;
    }
}

static bool
parse_expectation(int option, const char *value, struct plan *plan)
{
    switch (option) {
    case 'e':
        parse_status(value, plan);
        return true;
    case BODY_LENGTH_OF:
        plan->wanted_length = parse_number(value, 0, INT64_MAX, "BODY-LENGTH");
        return true;
    case CHECKSUM:
        plan->wanted_checksum = parse_number(value, 0, UINT32_MAX, "CHECKSUM");
        return true;
    default:
        return false;
    }
}

static bool
parse_report(int option, const char *value, struct options *o)
{
    switch (option) {
    case 'o':
        o->values = value;
        return true;
    case JSON:
        o->json = value;
        return true;
    case SVG:
        o->svg = value;
        return true;
    case HTML:
        o->html = value;
        return true;
    case 'D':
        return o->distribution = true;
    case SAMPLES:
        return o->samples = true;
    case 'C':
        return o->classic = true;
    case 'q':
        return o->quiet = true;
    case 'h':
        printf("%s", help);
        exit(0);
    default:
        return false;
    }
}

static void
parse_option(int option, const char *value, struct options *o)
{
    if (!parse_amount(option, value, &o->plan) && !parse_request(option, value, &o->plan) &&
        !parse_expectation(option, value, &o->plan) && !parse_report(option, value, o))
        exit(2); /* getopt_long() has said what is wrong */
}

/* All URLs must be of one server, because a connection is. */
static void
parse_urls(char **urls, struct options *o)
{
    static struct url first;

    for (int i = 0; urls[i]; i++) {
        struct url url;
        const char *wrong = parse_url(urls[i], false, &url);

        if (wrong)
            refuse("%s: '%.*s'", wrong, visible(urls[i]), urls[i]);
        if (i == 0)
            first = url;
        if (strcasecmp(url.host, first.host) != 0 || strcmp(url.port, first.port) != 0)
            refuse("all URLs must be of one server, unlike '%s' and '%s'", urls[0], urls[i]);
    }
    o->host = first.host;
    o->port = first.port;
    o->plan.urls = urls;
    o->plan.protocol = &http;
}

static const char *
long_name(int option)
{
    const struct option *o = long_options;

    while (o->val != option)
        o++;
    return o->name;
}

static void
parse_operands(char **operands, const char *given, struct options *o)
{
    const char *alien;

    if (operands[0] && strstr(operands[0], "://")) {
        if (strchr(given, 'l'))
            refuse("-l is for echo, not for URLs");
        parse_urls(operands, o);
        return;
    }
    if (!operands[0] || !operands[1] || operands[2])
        refuse("expected HOST PORT or URL...; -h tells more");
    if ((alien = strpbrk(given, "mHdpeBS")))
        refuse("--%s is for URLs, not for echo", long_name(*alien));
    parse_number(operands[1], 1, 65535, "PORT");
    o->host = operands[0];
    o->port = operands[1];
    o->plan.protocol = &echo;
}

void
parse_options(int argc, char **argv, struct options *o)
{
    const char **headers = calloc((size_t)argc, sizeof *headers);
    char given[256] = "";
    int option, header_count = 0;

    if (!headers)
        fail("calloc", NULL);
    o->plan = (struct plan){.clients = 100,
                            .threads = 1,
                            .bytes = 100,
                            .pipeline = 1,
                            .patience = 10 * NS_PER_SECOND,
                            .headers = headers,
                            .least_status = 200,
                            .most_status = 299,
                            .wanted_length = -1,
                            .wanted_checksum = -1};
    while ((option = getopt_long(argc, argv, "c:T:t:n:W:R:w:l:m:H:d:p:e:o:DCqh", long_options,
                                 NULL)) != -1) {
        if (option == 'H')
            headers[header_count++] = parse_header(optarg);
        else
            parse_option(option, optarg, o);
        if (option < JSON && !strchr(given, option))
            given[strlen(given)] = (char)option;
    }
    parse_operands(argv + optind, given, o);
    if (o->plan.threads > o->plan.clients)
        refuse("%d threads cannot share %d connections", o->plan.threads, o->plan.clients);
    if (o->plan.visits && o->plan.pipeline > 1)
        refuse("with --visits a connection is for one request, so there is no --pipeline");
    if (o->plan.warm_up > 0 && o->plan.requests > 0)
        refuse("--requests counts all of them, so there are none for a --warm-up");
    if (o->plan.body_len * (size_t)(o->plan.pipeline + argc - optind) > MOST_TAPE)
        refuse("so long a body, for so many URLs or with such a --pipeline, is too much to keep");
    if (!o->plan.method)
        o->plan.method = o->plan.body ? "POST" : "GET";
    if (o->plan.window == 0)
        o->plan.window = o->plan.requests ? INT64_MAX : 3 * NS_PER_SECOND;
    o->plan.progress = !o->quiet && isatty(STDERR_FILENO);
}
