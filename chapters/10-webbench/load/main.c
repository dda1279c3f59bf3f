/*
 * load - a load generator for echo servers and HTTP/1.1
 *
 * Shows:  one thread is enough to be a thousand clients; every request ends up under some
 *         heading, and what is not measured is not averaged away.
 * Run:    build/10-webbench/load -c 100 127.0.0.1 8000
 *         build/10-webbench/load -c 100 http://127.0.0.1:8000/README.md
 * Watch:  `answered`: 1 of 100 says that the others were starved, however good the rate is.
 * Read:   main.c, options.c and url.c (what is asked for); clients.c (threads), worker.c (one
 *         loop), rate.c (the open loop), client.c (one client), exchange.c (its connection);
 *         echo.c and http.c (what is asked), answer.c and head.c (what is answered); report*.c
 *         (what came of it)
 * Book:   10-webbench, "Reading a report line by line"
 */
#include "error.h"
#include "options.h"
#include "report.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OTHER_DESCRIPTORS = 8 };

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
make_room_for(const struct plan *plan)
{
    rlim_t needed = (rlim_t)(plan->clients + plan->threads - 1 + OTHER_DESCRIPTORS);
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_max < needed)
        fprintf(stderr, "%s: %d connections need %ju descriptors, and the hard limit is %ju\n",
                program_invocation_short_name, plan->clients, (uintmax_t)needed,
                (uintmax_t)limit.rlim_max);
    if (limit.rlim_cur < needed)
        limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

/* NULL for NULL. It is opened before the run: afterwards it would be too late to say no. */
static FILE *
open_output(const char *path)
{
    FILE *out = NULL;

    if (path && !(out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w")))
        fail("open", path);
    return out;
}

static void
write_output(FILE *out, const char *path,
             void (*form)(FILE *, const struct plan *, const struct result *),
             const struct options *o, const struct result *result)
{
    if (!out)
        return;
    form(out, &o->plan, result);
    if ((out == stdout ? fflush(out) : fclose(out)) != 0)
        fail("write", path);
}

static void
print_forms(const struct options *o, const struct result *result)
{
    if (o->quiet)
        return;
    if (o->classic)
        print_classic(&o->plan, result);
    else
        print_report(&o->plan, result);
    if (o->distribution)
        print_distribution(result);
    if (o->samples)
        print_samples(result);
}

int
main(int argc, char **argv)
{
    static struct options o;
    static struct result result;
    FILE *values, *json, *svg, *html;

    parse_options(argc, argv, &o);
    values = open_output(o.values);
    json = open_output(o.json);
    svg = open_output(o.svg);
    html = open_output(o.html);
    find_server(o.host, o.port, &o.plan);
    make_room_for(&o.plan);
    run_clients(&o.plan, &result);

    print_forms(&o, &result);
    write_output(values, o.values, write_values, &o, &result);
    write_output(json, o.json, write_json, &o, &result);
    write_output(svg, o.svg, write_svg, &o, &result);
    write_output(html, o.html, write_html, &o, &result);
    free(result.samples);
    if (result.interrupted && fflush(stdout) == 0)
        raise(SIGINT); /* so that a script that has run us ends, too */
    return result.failures > 0 || result.outcomes[ANSWERED] == 0;
}
