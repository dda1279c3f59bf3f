#include "report.h"

#include "clock.h"
#include "net.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT = 32, KINDS = OUTCOMES - ANSWERED - 1 };

static const char *const keys[OUTCOMES] = {
    "in_flight",     "requests", "refused", "connect_error", "no_port",
    "no_descriptor", "timeout",  "reset",   "closed_early",  "wrong_bytes",
};

static const char *const meanings[OUTCOMES] = {
    [REFUSED] = "refused: nobody listens there",
    [CONNECT_ERROR] = "not connected, for another reason or in time",
    [NO_PORT] = "without a free port of our own to connect from",
    [NO_DESCRIPTOR] = "without a descriptor: our limit (ulimit -n)",
    [TIMEOUT] = "not answered in time",
    [RESET] = "reset by the server",
    [CLOSED_EARLY] = "closed by the server before the answer was whole",
    [WRONG_BYTES] = "answered with other bytes than were sent",
};

/* 1234567 as "1,234,567". */
static const char *
grouped(uint64_t number, char text[TEXT])
{
    char digits[TEXT];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number), out = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[out++] = ',';
        text[out++] = digits[i];
    }
    text[out] = '\0';
    return text;
}

/* Three digits and a unit: "87.4 us", "1.02 ms", "3.00 s". */
static const char *
duration(uint64_t ns, char text[TEXT])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    int unit = 0;

    for (; value >= 999.5 && unit < 3; unit++)
        value /= 1000;
    snprintf(text, TEXT, "%.*f %s",
             unit == 0 || value >= 99.95 ? 0
             : value >= 9.995            ? 1
                                         : 2,
             value, units[unit]);
    return text;
}

static double
per_second(double amount, const struct result *r)
{
    return r->window > 0 ? amount * NS_PER_SECOND / (double)r->window : 0;
}

static double
percentile_us(const struct result *r, double percent)
{
    return (double)histogram_percentile(&r->latencies, percent) / 1000;
}

static void
print_latencies(const struct histogram *h)
{
    static const double percents[] = {50, 90, 99, 99.9, 100};
    char text[TEXT];

    printf("  latency          half     90 %%     99 %%   99.9 %%   longest\n             ");
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        printf("%*s", i < 4 ? 9 : 10, duration(histogram_percentile(h, percents[i]), text));
    printf("\n");
}

static void
print_failures(const struct result *r)
{
    char text[TEXT];

    printf("  failures   %s\n", r->failures ? grouped(r->failures, text) : "none");
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        if (r->outcomes[i])
            printf("%13s %s\n", grouped(r->outcomes[i], text), meanings[i]);
}

static void
print_answered(const struct plan *plan, const struct result *r)
{
    const char *who = plan->visits ? "visitors" : "connections";
    char a[TEXT], b[TEXT];

    printf("  answered   %s of ", grouped((uint64_t)r->answered, a));
    printf("%s %s", grouped((uint64_t)plan->clients, a), who);
    if (r->answered == plan->clients)
        printf(", %s to %s times each\n", grouped(r->fewest, a), grouped(r->most, b));
    else
        printf("; %s never\n", grouped((uint64_t)(plan->clients - r->answered), a));
}

void
print_report(const struct plan *plan, const struct result *r)
{
    uint64_t requests = r->outcomes[ANSWERED];
    double share = per_second((double)r->cpu, r) / NS_PER_SECOND;
    char server[ADDRESS_TEXT], a[TEXT], b[TEXT];

    printf("%s %s to %s, messages of %zu bytes, %.2f s measured\n",
           grouped((uint64_t)plan->clients, a), plan->visits ? "visitors" : "connections",
           address_text((const struct sockaddr *)&plan->server, plan->server_len, server),
           plan->bytes, (double)r->window / NS_PER_SECOND);
    if (r->window < plan->window)
        printf("  %.2f s were planned, but no connection was left\n",
               (double)plan->window / NS_PER_SECOND);
    print_answered(plan, r);
    printf("  requests   %s, ", grouped(requests, a));
    printf("%s a second, %.1f MB/s both ways together\n",
           grouped((uint64_t)per_second((double)requests, r), b),
           per_second((double)r->bytes_moved, r) / 1e6);
    if (requests)
        print_latencies(&r->latencies);
    if (r->outcomes[IN_FLIGHT])
        printf("  in flight  %s when the time was up, the oldest for %s\n",
               grouped(r->outcomes[IN_FLIGHT], a), duration((uint64_t)r->oldest, b));
    print_failures(r);
    if (requests)
        printf("  client     %s of CPU a request, %.0f %% of one CPU%s\n",
               duration((uint64_t)r->cpu / requests, a), share * 100,
               share > 0.9 ? ": it may be the limit" : "");
}

void
write_values(FILE *out, const struct plan *plan, const struct result *r)
{
    fprintf(out, "mode=%s\nconnections=%d\nbytes=%zu\nseconds=%.3f\n",
            plan->visits ? "visits" : "stays", plan->clients, plan->bytes,
            (double)r->window / NS_PER_SECOND);
    fprintf(out, "answered=%d\nfewest=%" PRIu64 "\nmost=%" PRIu64 "\n", r->answered, r->fewest,
            r->most);
    fprintf(out, "rate=%.0f\n", per_second((double)r->outcomes[ANSWERED], r));
    fprintf(out, "p50_us=%.0f\np90_us=%.0f\np99_us=%.0f\np999_us=%.0f\n", percentile_us(r, 50),
            percentile_us(r, 90), percentile_us(r, 99), percentile_us(r, 99.9));
    fprintf(out, "max_us=%.0f\nmean_us=%.0f\n", percentile_us(r, 100),
            (double)histogram_mean(&r->latencies) / 1000);
    for (int i = 0; i < OUTCOMES; i++)
        fprintf(out, "%s=%" PRIu64 "\n", keys[i], r->outcomes[i]);
    fprintf(out, "oldest_us=%" PRId64 "\nfailures=%" PRIu64 "\n", r->oldest / 1000, r->failures);
    fprintf(out, "client_cpu_us=%" PRId64 "\nbytes_moved=%" PRIu64 "\n", r->cpu / 1000,
            r->bytes_moved);
}
