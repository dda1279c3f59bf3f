/*
 * report.c - a report of load on a run that never was
 *
 * Built and run by tests/10-report.bats, with the objects of chapters/10-webbench/load:
 *
 *     report FORM [NAME=NUMBER | url=URL]...
 *
 * `requests` answers took 1, 2, 3 … us, and, with a rate, ten times as long since they were due.
 * The other names are members of `struct result` and `struct plan`, or kinds of failure; those of
 * the warm-up begin with in_warm_up_.
 */
#include "../../chapters/10-webbench/load/report.h"
#include "../../chapters/10-webbench/load/figures.h"
#include "clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

const struct protocol echo = {0}, http = {0};

static struct result result;
static char *urls[] = {NULL, NULL, NULL};
static struct plan plan = {
    .protocol = &echo,
    .clients = 10,
    .threads = 1,
    .pipeline = 1,
    .bytes = 100,
    .window = NS_PER_SECOND,
    .patience = 10 * NS_PER_SECOND,
    .method = "GET",
};
static uint64_t requests = 1000;
static int answered = -1, status = 200;

static void
ask_for(char *url)
{
    urls[urls[0] != NULL] = url;
    plan.urls = urls;
    plan.protocol = &http;
}

static bool
is_called(const char *setting, const char *name)
{
    return strncmp(setting, name, strlen(name)) == 0 && setting[strlen(name)] == '=';
}

static void
set(char *setting)
{
    char *value = strchr(setting, '=') + 1;
    long number = atol(value);
    struct {
        const char *name;
        void *where;
        size_t size;
    } const places[] = {
        {"requests", &requests, sizeof requests},
        {"answered", &answered, sizeof answered},
        {"status", &status, sizeof status},
        {"clients", &plan.clients, sizeof plan.clients},
        {"threads", &plan.threads, sizeof plan.threads},
        {"visits", &plan.visits, sizeof plan.visits},
        {"planned", &plan.window, sizeof plan.window},
        {"warm_up_ns", &plan.warm_up, sizeof plan.warm_up},
        {"warm_up", &result.warm_up, sizeof result.warm_up},
        {"pipeline", &plan.pipeline, sizeof plan.pipeline},
        {"cpu", &result.cpu, sizeof result.cpu},
        {"due", &result.due, sizeof result.due},
        {"unsent", &result.unsent, sizeof result.unsent},
        {"unbegun", &result.unbegun, sizeof result.unbegun},
        {"planned_requests", &plan.requests, sizeof plan.requests},
    };

    if (is_called(setting, "url"))
        ask_for(value);
    if (is_called(setting, "rate"))
        plan.rate = (double)number;
    for (int i = 0; i < OUTCOMES; i++)
        if (i != ANSWERED && is_called(setting, outcome_keys[i]))
            result.outcomes[i] = (uint64_t)number;
    for (int i = 0; i < OUTCOMES && strncmp(setting, "in_warm_up_", 11) == 0; i++)
        if (is_called(setting + 11, outcome_keys[i]))
            result.warm_up_outcomes[i] = (uint64_t)number;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (is_called(setting, places[i].name))
            memcpy(places[i].where, &number, places[i].size); /* the low bytes come first */
}

static void
fill_in(void)
{
    static struct sample samples[2];
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(8000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    memcpy(&plan.server, &server, sizeof server);
    plan.server_len = sizeof server;
    result.window = NS_PER_SECOND;
    for (uint64_t us = 1; us <= requests; us++) {
        histogram_record(&result.latencies, us * 1000);
        if (plan.rate > 0)
            histogram_record(&result.responses, us * 10000);
    }
    for (int i = 0; i < plan.clients; i++)
        histogram_record(&result.connects, 50000);
    result.outcomes[ANSWERED] = requests;
    if (plan.urls)
        result.statuses[status] = requests;
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        result.failures += result.outcomes[i];
    result.answered = answered == -1 ? plan.clients : answered;
    result.fewest = result.most = requests / (uint64_t)plan.clients;
    result.oldest = result.outcomes[IN_FLIGHT] ? 2500000 : 0;
    result.bytes_sent = result.bytes_received = requests * plan.bytes;
    samples[0] = (struct sample){.answered = requests, .sum = requests * 2000, .slowest = 1000000};
    samples[1].failures = result.failures;
    result.samples = samples;
    result.sample_count = 2;
}

int
main(int argc, char **argv)
{
    const char *form = argv[1];

    for (int i = 2; i < argc; i++)
        set(argv[i]);
    fill_in();
    if (strcmp(form, "text") == 0)
        print_report(&plan, &result);
    else if (strcmp(form, "classic") == 0)
        print_classic(&plan, &result);
    else if (strcmp(form, "distribution") == 0)
        print_distribution(&result);
    else if (strcmp(form, "samples") == 0)
        print_samples(&result);
    else if (strcmp(form, "values") == 0)
        write_values(stdout, &plan, &result);
    else if (strcmp(form, "json") == 0)
        write_json(stdout, &plan, &result);
    else if (strcmp(form, "svg") == 0)
        write_svg(stdout, &plan, &result);
    else
        write_html(stdout, &plan, &result);
    return 0;
}
