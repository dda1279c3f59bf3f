/*
 * load - a load generator for echo servers
 *
 * Shows:  one thread is enough to be a thousand clients; every request ends up under some
 *         heading, and what is not measured is not averaged away.
 * Run:    build/10-webbench/load -c 100 127.0.0.1 8000
 *         build/10-webbench/load -m visits 127.0.0.1 8000     (a connection for each request)
 * Watch:  `answered`: 1 of 100 says that the others were starved, however good the rate is.
 * Read:   main.c (options), clients.c (many clients), exchange.c (one message), report.c
 * Book:   10-webbench, "A closed loop"
 */
#include "args.h"
#include "clients.h"
#include "clock.h"
#include "error.h"
#include "report.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_CLIENTS = 1000000, MOST_BYTES = 1 << 26, OTHER_DESCRIPTORS = 8 };

static _Noreturn void
refuse_option(const char *what, const char *given)
{
    fprintf(stderr, "%s: %s, not '%s'\n", program_invocation_short_name, what, given);
    exit(2);
}

/* Unlike parse_number() it takes fractions: half a second is long enough for a look. */
static int64_t
parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.1 && seconds <= 86400))
        refuse_option("SECONDS must be a number from 0.1 to 86400", text);
    return (int64_t)(seconds * NS_PER_SECOND);
}

static bool
parse_mode(const char *text)
{
    if (strcmp(text, "visits") != 0 && strcmp(text, "stays") != 0)
        refuse_option("MODE must be visits or stays", text);
    return strcmp(text, "visits") == 0;
}

/*
 * The addresses of a name are not alike: a server may listen on 127.0.0.1 only where
 * "localhost" is ::1 first. If there are several, the first that takes a connection within
 * two seconds is meant.
 */
static void
find_server(const char *host, const char *port, struct plan *plan)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *a;
    struct timeval patience = {.tv_sec = 2};
    int error = getaddrinfo(host, port, &hints, &found);

    if (error) {
        fprintf(stderr, "%s: getaddrinfo: %s: %s:%s\n", program_invocation_short_name,
                gai_strerror(error), host, port);
        exit(1);
    }
    for (a = found; found->ai_next && a; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype, 0);
        bool answers = fd != -1 &&
                       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                       connect(fd, a->ai_addr, a->ai_addrlen) == 0;

        if (fd != -1)
            close(fd);
        if (answers)
            break;
    }
    if (!a)
        a = found;
    memcpy(&plan->server, a->ai_addr, a->ai_addrlen);
    plan->server_len = a->ai_addrlen;
    freeaddrinfo(found);
}

static void
make_room_for(int clients)
{
    rlim_t needed = (rlim_t)clients + OTHER_DESCRIPTORS;
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_max < needed)
        fprintf(stderr, "%s: %d connections need %ju descriptors, and the hard limit is %ju\n",
                program_invocation_short_name, clients, (uintmax_t)needed,
                (uintmax_t)limit.rlim_max);
    if (limit.rlim_cur < needed)
        limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

int
main(int argc, char **argv)
{
    const char *clients = "100", *seconds = "3", *bytes = "100", *mode = "stays";
    const char *patience = "10", *path = NULL, *quiet = NULL;
    const struct own_option options[] = {
        {'c', "CONNECTIONS", "how many clients there are at once (100)", &clients},
        {'t', "SECONDS", "how long is measured (3)", &seconds},
        {'l', "BYTES", "the length of a message (100)", &bytes},
        {'m', "MODE", "visits: a connection for each message; stays: they are kept (stays)", &mode},
        {'w', "SECONDS", "a request not answered for so long has failed (10)", &patience},
        {'o', "FILE", "write the results there as well, as key=value lines", &path},
        {'q', NULL, "print no report and no progress", &quiet},
        {0},
    };
    char **operands = parse_args(argc, argv, options, "HOST PORT");
    struct plan plan = {
        .visits = parse_mode(mode),
        .clients = (int)parse_number(clients, 1, MOST_CLIENTS, "CONNECTIONS"),
        .bytes = (size_t)parse_number(bytes, 1, MOST_BYTES, "BYTES"),
        .window = parse_seconds(seconds),
        .patience = parse_seconds(patience),
        .progress = !quiet && isatty(STDERR_FILENO),
    };
    static struct result result;
    FILE *out = NULL;

    parse_number(operands[1], 1, 65535, "PORT");
    if (path && !(out = fopen(path, "w")))
        fail("open", path);
    find_server(operands[0], operands[1], &plan);
    make_room_for(plan.clients);
    run_clients(&plan, &result);
    if (!quiet)
        print_report(&plan, &result);
    if (out) {
        write_values(out, &plan, &result);
        if (fclose(out) != 0)
            fail("write", path);
    }
    return result.failures > 0 || result.outcomes[ANSWERED] == 0;
}
