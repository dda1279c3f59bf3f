#include "report.h"

#include "clock.h"
#include "figures.h"
#include "net.h"

#include <inttypes.h>
#include <stdlib.h>

static double
us(uint64_t ns)
{
    return (double)ns / 1000;
}

/* ---- key=value ---- */

void
write_values(FILE *out, const struct plan *plan, const struct result *r)
{
    struct measure measures[MEASURES];

    name_measures(r, measures);
    fprintf(out, "mode=%s\nconnections=%d\nbytes=%zu\nseconds=%.3f\n",
            plan->visits ? "visits" : "stays", plan->clients, plan->bytes,
            (double)r->window / NS_PER_SECOND);
    fprintf(out, "threads=%d\nasked_rate=%.0f\n", plan->threads, plan->rate);
    fprintf(out, "answered=%d\nfewest=%" PRIu64 "\nmost=%" PRIu64 "\n", r->answered, r->fewest,
            r->most);
    fprintf(out, "rate=%.0f\n", per_second((double)r->outcomes[ANSWERED], r));
    for (const struct figure *f = figures; f < figures + FIGURES; f++)
        fprintf(out, "%s_us=%.0f\n", f->key, us(figure_of(&r->latencies, f)));
    for (int m = 0; m < MEASURES; m++)
        for (const struct figure *f = figures; f < figures + FIGURES; f++)
            if (measures[m].histogram != &r->latencies)
                fprintf(out, "%s_%s_us=%.0f\n", measures[m].key, f->key,
                        us(figure_of(measures[m].histogram, f)));
    for (int i = 0; i < OUTCOMES; i++)
        fprintf(out, "%s=%" PRIu64 "\n", outcome_keys[i], r->outcomes[i]);
    for (int i = 1; i <= 5; i++)
        fprintf(out, "status_%dxx=%" PRIu64 "\n", i, statuses_between(r, i * 100, i * 100 + 99));
    fprintf(out, "sent=%" PRIu64 "\nresponses=%" PRIu64 "\ndue=%" PRIu64 "\nunsent=%" PRIu64 "\n",
            requests_sent(r), responses_received(r), r->due, r->unsent);
    fprintf(out, "late=%" PRIu64 "\nwarm_up=%" PRIu64 "\nwarm_up_failures=%" PRIu64 "\n", r->late,
            r->warm_up, warm_up_failures(r));
    fprintf(out, "unbegun=%" PRIu64 "\n", r->unbegun);
    fprintf(out, "oldest_us=%" PRId64 "\nfailures=%" PRIu64 "\n", r->oldest / 1000, r->failures);
    fprintf(out,
            "client_cpu_us=%" PRId64 "\nbytes_sent=%" PRIu64 "\nbytes_received=%" PRIu64
            "\nbytes_moved=%" PRIu64 "\n",
            r->cpu / 1000, r->bytes_sent, r->bytes_received, r->bytes_sent + r->bytes_received);
}

/* ---- JSON: RFC 8259 ---- */

static FILE *json;
static const char *between; /* what goes before the next member or element */

/* Printable ASCII; what is not stands as in a URL: %0A. */
static void
put_string(const char *text)
{
    fputc('"', json);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(json, "\\%c", *text);
        else if (*text < ' ' || *text > '~')
            fprintf(json, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, json);
    fputc('"', json);
}

static void
put_key(const char *key)
{
    fprintf(json, "%s\n", between);
    between = ",";
    if (key) {
        put_string(key);
        fputs(": ", json);
    }
}

/* Opens an object or an array; key is NULL for an element of an array. */
static void
open_with(const char *key, char bracket)
{
    put_key(key);
    fputc(bracket, json);
    between = "";
}

static void
close_with(char bracket)
{
    fprintf(json, "\n%c", bracket);
    between = ",";
}

static void
put_text(const char *key, const char *text)
{
    put_key(key);
    put_string(text);
}

static void
put_count(const char *key, uint64_t count)
{
    put_key(key);
    fprintf(json, "%" PRIu64, count);
}

static void
put_amount(const char *key, double amount)
{
    put_key(key);
    fprintf(json, "%.3f", amount);
}

static void
put_seconds(const char *key, int64_t ns)
{
    put_amount(key, (double)ns / NS_PER_SECOND);
}

static void
put_plan(const struct plan *plan)
{
    char server[ADDRESS_TEXT];

    put_text("server",
             address_text((const struct sockaddr *)&plan->server, plan->server_len, server));
    put_text("protocol", plan->urls ? "http" : "echo");
    if (plan->urls) {
        put_text("method", plan->method);
        open_with("urls", '[');
        for (char *const *url = plan->urls; *url; url++)
            put_text(NULL, *url);
        close_with(']');
    } else {
        put_count("message_bytes", plan->bytes);
    }
    put_count("connections", (uint64_t)plan->clients);
    put_text("connection_for_each", plan->visits ? "request" : "client");
    put_count("threads", (uint64_t)plan->threads);
    put_count("pipeline_requests", (uint64_t)plan->pipeline);
    put_seconds("warm_up_seconds", plan->warm_up);
    put_seconds("timeout_seconds", plan->patience);
    if (plan->rate > 0)
        put_amount("asked_requests_per_second", plan->rate);
}

/* Those kinds of which there were some. */
static void
put_failures(const char *key, const uint64_t outcomes[OUTCOMES])
{
    open_with(key, '{');
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        if (outcomes[i])
            put_count(outcome_keys[i], outcomes[i]);
    close_with('}');
}

static void
put_counts(const struct result *r)
{
    char status[TEXT];

    put_seconds("measured_seconds", r->window);
    put_count("requests_sent", requests_sent(r));
    put_count("responses_received", responses_received(r));
    put_count("requests_answered", r->outcomes[ANSWERED]);
    put_count("requests_failed", r->failures);
    put_count("requests_in_flight", r->outcomes[IN_FLIGHT]);
    put_count("answered_late", r->late);
    put_count("requests_due", r->due);
    put_count("requests_unsent", r->unsent);
    put_count("requests_unbegun", r->unbegun);
    put_count("warm_up_requests", r->warm_up);
    put_amount("answered_per_second", per_second((double)r->outcomes[ANSWERED], r));
    put_failures("failures", r->outcomes);
    put_failures("warm_up_failures", r->warm_up_outcomes);
    open_with("statuses", '{');
    for (int i = 100; i <= MOST_STATUS; i++)
        if (r->statuses[i]) {
            snprintf(status, sizeof status, "%03d", i);
            put_count(status, r->statuses[i]);
        }
    close_with('}');
    put_count("clients_answered", (uint64_t)r->answered);
    put_count("fewest_answers_of_a_client", r->fewest);
    put_count("most_answers_of_a_client", r->most);
    put_amount("oldest_in_flight_us", us((uint64_t)r->oldest));
    put_count("bytes_sent", r->bytes_sent);
    put_count("bytes_received", r->bytes_received);
    put_amount("client_cpu_us", us((uint64_t)r->cpu));
}

/* A percentile that needs more values than there are is left out. */
static void
put_times(const struct result *r)
{
    struct measure measures[MEASURES];
    char key[TEXT];

    name_measures(r, measures);
    open_with("times", '{');
    for (int m = 0; m < MEASURES; m++) {
        open_with(measures[m].key, '{');
        put_count("count", measures[m].histogram->count);
        for (const struct figure *f = figures; f < figures + FIGURES; f++) {
            snprintf(key, sizeof key, "%s_us", f->key);
            if (measures[m].histogram->count >= f->needs)
                put_amount(key, us(figure_of(measures[m].histogram, f)));
        }
        close_with('}');
    }
    close_with('}');
}

static void
put_samples(const struct result *r)
{
    open_with("seconds", '[');
    for (const struct sample *s = r->samples; s < r->samples + r->sample_count; s++) {
        open_with(NULL, '{');
        put_count("answered", s->answered);
        put_count("failed", s->failures);
        put_amount("mean_us", s->answered ? us(s->sum / s->answered) : 0);
        put_amount("max_us", us(s->slowest));
        close_with('}');
    }
    close_with(']');
}

/*
 * One object. Its keys, with the unit at the end where it is not a number of things; what stands
 * in () is only there when it means something:
 *
 * - command: what was typed, for a shell
 * - server protocol (method urls) (message_bytes) connections connection_for_each threads
 *   pipeline_requests warm_up_seconds timeout_seconds (asked_requests_per_second): what was asked
 * - measured_seconds requests_sent responses_received requests_answered requests_failed
 *   requests_in_flight answered_late requests_due requests_unsent requests_unbegun
 *   warm_up_requests answered_per_second: what came of it
 * - failures warm_up_failures: by kind, as the file for scripts calls them
 * - statuses: by number
 * - clients_answered fewest_answers_of_a_client most_answers_of_a_client oldest_in_flight_us
 *   bytes_sent bytes_received client_cpu_us
 * - times: (response) service (first_byte) (connect), and of each: count min_us
 *   (p50_us ... p9999_us) max_us mean_us stdev_us
 * - seconds: one after the other: answered failed mean_us max_us
 * - warnings: why not to trust it, in sentences
 */
void
write_json(FILE *out, const struct plan *plan, const struct result *r)
{
    struct warnings warnings;
    char *command = command_line();

    json = out;
    between = "";
    find_warnings(plan, r, &warnings);
    fputc('{', json);
    put_text("command", command);
    put_plan(plan);
    put_counts(r);
    put_times(r);
    put_samples(r);
    open_with("warnings", '[');
    for (int i = 0; i < warnings.count; i++)
        put_text(NULL, warnings.text[i]);
    close_with(']');
    fputs("\n}\n", json);
    free(command);
}
