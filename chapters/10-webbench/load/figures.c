#include "figures.h"

#include "clock.h"
#include "error.h"
#include "net.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const outcome_keys[OUTCOMES] = {
    [IN_FLIGHT] = "in_flight",       [ANSWERED] = "requests",
    [WRONG_STATUS] = "wrong_status", [WRONG_BODY] = "wrong_body",
    [REFUSED] = "refused",           [CONNECT_ERROR] = "connect_error",
    [NO_PORT] = "no_port",           [NO_DESCRIPTOR] = "no_descriptor",
    [TIMEOUT] = "timeout",           [RESET] = "reset",
    [CLOSED_EARLY] = "closed_early", [TRUNCATED] = "truncated",
    [WRONG_BYTES] = "wrong_bytes",   [BAD_RESPONSE] = "bad_response",
};

const char *const outcome_meanings[OUTCOMES] = {
    [WRONG_STATUS] = "answered with another status than was wanted",
    [WRONG_BODY] = "answered with another body than was wanted",
    [REFUSED] = "refused: nobody listens there",
    [CONNECT_ERROR] = "not connected, for another reason or in time",
    [NO_PORT] = "without a free port of our own to connect from",
    [NO_DESCRIPTOR] = "without a descriptor: our limit (ulimit -n)",
    [TIMEOUT] = "not answered in time",
    [RESET] = "reset by the server",
    [CLOSED_EARLY] = "closed by the server before the answer was whole",
    [TRUNCATED] = "answered with a body that is shorter than promised",
    [WRONG_BYTES] = "answered with other bytes than were sent",
    [BAD_RESPONSE] = "answered with what is not HTTP, or not asked for",
};

const struct figure figures[FIGURES] = {
    {"min", "min", 0, 1},
    {"half (p50)", "p50", 50, 2},
    {"p75", "p75", 75, 4},
    {"p90", "p90", 90, 10},
    {"p99", "p99", 99, 100},
    {"p99.9", "p999", 99.9, 1000},
    {"p99.99", "p9999", 99.99, 10000},
    {"max", "max", 100, 1},
    {"mean", "mean", 0, 1},
    {"stdev", "stdev", 0, 2},
};

/* ---- numbers as text ---- */

const char *
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

const char *
rounded(double number, char text[TEXT])
{
    if (number >= 10 || number == 0)
        return grouped((uint64_t)(number + 0.5), text);
    snprintf(text, TEXT, "%.3g", number);
    return text;
}

const char *
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

/* ---- sums and ratios ---- */

double
per_second(double amount, const struct result *r)
{
    return r->window > 0 ? amount * NS_PER_SECOND / (double)r->window : 0;
}

uint64_t
requests_sent(const struct result *r)
{
    uint64_t sum = 0;

    for (int i = 0; i < OUTCOMES; i++)
        if (i < REFUSED || i > NO_DESCRIPTOR)
            sum += r->outcomes[i];
    return sum;
}

uint64_t
responses_received(const struct result *r)
{
    return r->outcomes[ANSWERED] + r->outcomes[WRONG_STATUS] + r->outcomes[WRONG_BODY];
}

double
client_share(const struct plan *plan, const struct result *r)
{
    return per_second((double)r->cpu, r) / NS_PER_SECOND / plan->threads;
}

void
name_measures(const struct result *r, struct measure measures[MEASURES])
{
    const struct measure all[MEASURES] = {
        {"response", "response", &r->responses},
        {r->responses.count ? "service" : "latency", "service", &r->latencies},
        {"first byte", "first_byte", &r->first_bytes},
        {"connect", "connect", &r->connects},
    };

    memcpy(measures, all, sizeof all);
}

uint64_t
figure_of(const struct histogram *h, const struct figure *figure)
{
    if (figure->percent > 0)
        return histogram_percentile(h, figure->percent);
    if (strcmp(figure->key, "min") == 0)
        return h->min;
    return strcmp(figure->key, "mean") == 0 ? histogram_mean(h) : histogram_stdev(h);
}

/* ---- what to doubt ---- */

__attribute__((format(printf, 2, 3))) static void
warn(struct warnings *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(w->text[w->count++], WARNING, format, args);
    va_end(args);
}

uint64_t
statuses_between(const struct result *r, int least, int most)
{
    uint64_t sum = 0;

    for (int status = least; status <= most; status++)
        sum += r->statuses[status];
    return sum;
}

uint64_t
warm_up_failures(const struct result *r)
{
    uint64_t sum = 0;

    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        sum += r->warm_up_outcomes[i];
    return sum;
}

/* By kind, as far as there is room. */
static void
warn_of_warm_up(const struct result *r, struct warnings *w)
{
    char *text = w->text[w->count], a[TEXT];
    size_t len;

    warn(w, "%s failed during the warm-up", grouped(warm_up_failures(r), a));
    len = strlen(text);
    for (int i = ANSWERED + 1; i < OUTCOMES; i++) {
        char kind[WARNING];

        if (r->warm_up_outcomes[i] == 0)
            continue;
        snprintf(kind, sizeof kind, "%s %s %s", strchr(text, ':') ? "," : ":",
                 grouped(r->warm_up_outcomes[i], a), outcome_keys[i]);
        if (len + strlen(kind) + strlen("...") >= WARNING) {
            strcpy(text + len, "...");
            return;
        }
        strcpy(text + len, kind);
        len += strlen(kind);
    }
}

/* What was to be asked, and was not, or has come to nothing: it is in no time. */
static void
warn_of_missing(const struct plan *plan, const struct result *r, struct warnings *w)
{
    char a[TEXT], b[TEXT];

    if (plan->rate > 0 && r->outcomes[ANSWERED] > 0 && r->unsent + r->failures > 0)
        warn(w, "the times leave out requests: %s not sent, %s failed", grouped(r->unsent, a),
             grouped(r->failures, b));
    if (r->unbegun > 0)
        warn(w, "requests never begun: %s of %s", grouped(r->unbegun, a),
             grouped(plan->requests, b));
}

void
find_warnings(const struct plan *plan, const struct result *r, struct warnings *w)
{
    uint64_t answers = r->outcomes[ANSWERED];
    int never = plan->clients - r->answered;
    int share = (int)(client_share(plan, r) * 100 + 0.5);
    char a[TEXT];

    w->count = 0;
    if (responses_received(r) == 0)
        warn(w, "nothing was answered: there is nothing to compare");
    else if (answers == 0)
        warn(w, "no answer was what was wanted: there is nothing to compare");
    if (statuses_between(r, 100, MOST_STATUS) > 0 && statuses_between(r, 200, 299) == 0)
        warn(w, "no answer had a status of 2xx: an error page may be quick to send");
    if (answers > 0 && never > 0)
        warn(w, "%s client%s got no answer: the times are those of the others",
             grouped((uint64_t)never, a), never == 1 ? "" : "s");
    if (share >= 90)
        warn(w, "this client used %d %% of its CPU: it may be the limit, not the server", share);
    warn_of_missing(plan, r, w);
    if (warm_up_failures(r) > 0)
        warn_of_warm_up(r, w);
    if (r->interrupted)
        warn(w, "interrupted after %.2f s", (double)r->window / NS_PER_SECOND);
    else if (r->window < plan->window && plan->window != INT64_MAX && plan->requests == 0)
        warn(w, "of %.2f s planned no connection was left after %.2f s",
             (double)plan->window / NS_PER_SECOND, (double)r->window / NS_PER_SECOND);
}

/* ---- what was asked ---- */

void
put_clients(FILE *out, const struct plan *plan)
{
    char server[ADDRESS_TEXT], a[TEXT];

    fprintf(out, "%s %s%s to %s", grouped((uint64_t)plan->clients, a),
            plan->visits ? "visitor" : "connection", plan->clients == 1 ? "" : "s",
            address_text((const struct sockaddr *)&plan->server, plan->server_len, server));
}

void
put_headline(FILE *out, const struct plan *plan, const struct result *r)
{
    put_clients(out, plan);
    fputs(", ", out);
    if (plan->protocol == &echo)
        fprintf(out, "messages of %zu bytes, ", plan->bytes);
    fprintf(out, "%.2f s measured", (double)r->window / NS_PER_SECOND);
}

void
put_asked(FILE *out, const struct plan *plan, int room)
{
    int urls = 1; /* there is one at least */
    int most;
    bool cut;

    while (plan->urls[urls])
        urls++;
    most = room - (int)strlen(plan->method) - (urls > 1 ? 16 : 1);
    cut = (int)strlen(plan->urls[0]) > most;
    fprintf(out, "%s %.*s%s", plan->method, cut ? most - 3 : most, plan->urls[0], cut ? "..." : "");
    if (urls > 1)
        fprintf(out, " and %d more", urls - 1);
}

/* ---- what was typed ---- */

/* Quoted only if it must be; bytes that a terminal might not show, as $'\x0a'. */
static void
put_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputs("$'", out);
    for (; *word; word++)
        if (*word < ' ' || *word > '~' || *word == '\'' || *word == '\\')
            fprintf(out, "\\x%02x", (unsigned char)*word);
        else
            fputc(*word, out);
    fputc('\'', out);
}

char *
command_line(void)
{
    FILE *words = fopen("/proc/self/cmdline", "r"); /* ended by a 0 each: proc(5) */
    char *command = NULL, *word = NULL;
    size_t len = 0, room = 0;
    FILE *out = open_memstream(&command, &len);

    if (!out)
        fail("open_memstream", NULL);
    for (bool first = true; words && getdelim(&word, &room, '\0', words) > 0; first = false) {
        if (!first)
            fputc(' ', out);
        put_word(out, word);
    }
    free(word);
    if (words)
        fclose(words);
    if (fclose(out) != 0)
        fail("write", "memory");
    return command;
}
