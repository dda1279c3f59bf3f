#include "report.h"

#include "clock.h"
#include "figures.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static FILE *page;

/* As the pages of lib/tools/report have it: one colour scheme, light and dark. */
static const char style[] =
    "<style>\n"
    ":root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1d2126; --quiet: #5a636d;\n"
    "  --line: #d9dcdf; --bar: #2f78b0; --shade: #f1f2f0; }\n"
    "@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e5e8ea;\n"
    "  --quiet: #a0a9b2; --line: #363c42; --bar: #4f9fd8; --shade: #1e2226; } }\n"
    "* { box-sizing: border-box; }\n"
    "body { margin: 0; background: var(--paper); color: var(--ink);\n"
    "  font: 16px/1.5 system-ui, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif; }\n"
    "main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; }\n"
    "h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }\n"
    "h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.25rem 0 .5rem; }\n"
    "p, dl, ul, pre { margin: 0 0 1rem; } p { overflow-wrap: anywhere; }\n"
    ".book, dt { color: var(--quiet); } dd { margin: 0 0 .4rem; }\n"
    "@media (min-width: 40rem) { dl { display: grid; grid-template-columns: 11rem 1fr; } }\n"
    ".plot { display: block; width: 100%; max-width: 38rem; height: auto; }\n"
    ".scroll { overflow-x: auto; margin: 0 0 .4rem; } .note { color: var(--quiet); }\n"
    "table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }\n"
    "th, td { padding: .25rem .9rem .25rem 0; text-align: right; white-space: nowrap;\n"
    "  border-bottom: 1px solid var(--line); font-weight: 400; }\n"
    "th:first-child { text-align: left; } thead th { font-weight: 600; }\n"
    ".share { text-align: left; width: 8rem; }\n"
    ".share span { display: block; height: .7rem; background: var(--bar); }\n"
    "pre { background: var(--shade); padding: .7rem .9rem; overflow-x: auto; }\n"
    "</style>\n";

/* Text in ASCII; what is not stands as in a URL: %0A. */
static void
put_text(const char *text)
{
    for (; *text; text++)
        if (strchr("<>&\"", *text))
            fprintf(page, "&#%d;", *text);
        else if (*text < ' ' || *text > '~')
            fprintf(page, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, page);
}

/* ---- what came of it ---- */

static void
put_fact(const char *name, const char *text)
{
    fprintf(page, "<dt>%s</dt><dd>", name);
    put_text(text);
    fputs("</dd>\n", page);
}

static void
put_number(const char *name, uint64_t number)
{
    char text[TEXT];

    put_fact(name, grouped(number, text));
}

static void
put_counts(const struct plan *plan, const struct result *r)
{
    uint64_t answers = r->outcomes[ANSWERED];
    char text[128], number[TEXT];

    fputs("<section>\n<h2>What came of it</h2>\n<dl>\n", page);
    put_number("answered", answers);
    put_number("answers a second", (uint64_t)per_second((double)answers, r));
    if (plan->rate > 0) {
        put_fact("asked for a second", rounded(plan->rate, number));
        put_number("due, never sent", r->unsent);
    }
    snprintf(text, sizeof text, "%d of %d, %" PRIu64 " to %" PRIu64 " times each", r->answered,
             plan->clients, r->fewest, r->most);
    put_fact("clients answered", text);
    for (int i = 100; i <= MOST_STATUS; i++)
        if (r->statuses[i]) {
            snprintf(text, sizeof text, "status %03d", i);
            put_number(text, r->statuses[i]);
        }
    put_number("in flight at the end", r->outcomes[IN_FLIGHT]);
    put_number("failed", r->failures);
    for (int i = ANSWERED + 1; i < OUTCOMES; i++)
        if (r->outcomes[i]) {
            snprintf(text, sizeof text, "%s %s", grouped(r->outcomes[i], number),
                     outcome_meanings[i]);
            put_fact("of these", text);
        }
    snprintf(text, sizeof text, "%.1f sent, %.1f received",
             per_second((double)r->bytes_sent, r) / 1e6,
             per_second((double)r->bytes_received, r) / 1e6);
    put_fact("MB a second", text);
    snprintf(text, sizeof text, "%s an answer, %.0f %% of %d CPU%s",
             answers ? duration((uint64_t)r->cpu / answers, number) : "no",
             client_share(plan, r) * 100, plan->threads, plan->threads == 1 ? "" : "s");
    put_fact("CPU of the client", text);
    fputs("</dl>\n</section>\n", page);
}

/* ---- how long it took ---- */

static void
open_table(const char *label)
{
    fprintf(page,
            "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n<table>\n"
            "<thead><tr>",
            label);
}

static void
close_table(const char *note)
{
    fprintf(page, "</tbody>\n</table>\n</div>\n<p class=\"note\">%s</p>\n</section>\n", note);
}

static void
put_times(const struct plan *plan, const struct result *r)
{
    struct measure measures[MEASURES];
    char text[TEXT];

    name_measures(r, measures);
    fputs("<section>\n<h2>How long it took</h2>\n", page);
    write_svg(page, plan, r);
    open_table("How long it took");
    fputs("<th scope=\"col\"></th>", page);
    for (int m = 0; m < MEASURES; m++)
        if (measures[m].histogram->count > 0)
            fprintf(page, "<th scope=\"col\">%s</th>", measures[m].title);
    fputs("</tr></thead>\n<tbody>\n", page);
    for (const struct figure *f = figures; f < figures + FIGURES; f++) {
        fprintf(page, "<tr><th scope=\"row\">%s</th>", f->title);
        for (int m = 0; m < MEASURES; m++)
            if (measures[m].histogram->count > 0)
                fprintf(page, "<td>%s</td>",
                        measures[m].histogram->count < f->needs
                            ? "-"
                            : duration(figure_of(measures[m].histogram, f), text));
        fputs("</tr>\n", page);
    }
    close_table("A - stands where there are too few values for a figure.");
}

static void
put_samples(const struct result *r)
{
    uint64_t most = 1;
    char text[TEXT];

    for (int i = 0; i < r->sample_count; i++)
        most = r->samples[i].answered > most ? r->samples[i].answered : most;
    fputs("<section>\n<h2>Second by second</h2>\n", page);
    open_table("Second by second");
    for (const char *const *head =
             (const char *const[]){"second", "answered", "", "failed", "mean", "longest", NULL};
         *head; head++)
        fprintf(page, "<th scope=\"col\">%s</th>", *head);
    fputs("</tr></thead>\n<tbody>\n", page);
    for (int i = 0; i < r->sample_count; i++) {
        const struct sample *s = &r->samples[i];

        fprintf(page, "<tr><th scope=\"row\">%d</th><td>%s</td>", i + 1,
                grouped(s->answered, text));
        fprintf(page, "<td class=\"share\"><span style=\"width: %.1f%%\"></span></td>",
                (double)s->answered / (double)most * 100);
        fprintf(page, "<td>%s</td>", grouped(s->failures, text));
        fprintf(page, "<td>%s</td>", s->answered ? duration(s->sum / s->answered, text) : "-");
        fprintf(page, "<td>%s</td></tr>\n", s->answered ? duration(s->slowest, text) : "-");
    }
    close_table("The last second may be a part of one.");
}

/* ---- how it was measured ---- */

/* Empty where the file does not say, as on most machines that are not PCs. */
static void
cpu_model(char *model, size_t room)
{
    FILE *info = fopen("/proc/cpuinfo", "r");
    char line[256], *value;

    *model = '\0';
    while (info && !*model && fgets(line, sizeof line, info))
        if (strncmp(line, "model name", 10) == 0 && (value = strchr(line, ':')))
            snprintf(model, room, ", %.*s", (int)strcspn(value + 2, "\n"), value + 2);
    if (info)
        fclose(info);
}

static void
put_machine(void)
{
    double gib = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    time_t now = time(NULL);
    struct utsname system;
    cpu_set_t ours;
    char model[200], text[256];

    cpu_model(model, sizeof model);
    snprintf(text, sizeof text, "%ld CPUs%s, %.1f GiB", cpus, model, gib);
    put_fact("Machine", text);
    uname(&system); /* fails for a bad address only */
    snprintf(text, sizeof text, "%s %s %s", system.sysname, system.release, system.machine);
    put_fact("System", text);
    CPU_ZERO(&ours);
    if (sched_getaffinity(0, sizeof ours, &ours) == 0) {
        snprintf(text, sizeof text, "could run on %d of %ld CPUs", CPU_COUNT(&ours), cpus);
        put_fact("This client", text);
    }
    strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", gmtime(&now));
    put_fact("Date", text);
}

void
write_html(FILE *out, const struct plan *plan, const struct result *r)
{
    struct warnings warnings;
    char *command = command_line();

    page = out;
    find_warnings(plan, r, &warnings);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
          "<title>load - Ready or Not</title>\n<link rel=\"icon\" href=\"data:,\"/>\n",
          page);
    fprintf(page, "%s</head>\n<body>\n<main>\n<header>\n", style);
    fputs("<p class=\"book\">Ready or Not: network servers in C</p>\n<h1>", page);
    put_headline(page, plan, r);
    fputs("</h1>\n<p>", page);
    for (char *const *url = plan->urls; url && *url; url++) {
        put_text(url == plan->urls ? plan->method : ",");
        fputc(' ', page);
        put_text(*url);
    }
    fputs("</p>\n</header>\n", page);
    if (warnings.count > 0)
        fputs("<section>\n<h2>Before you trust it</h2>\n<ul>\n", page);
    for (int i = 0; i < warnings.count; i++)
        fprintf(page, "<li>%s</li>\n", warnings.text[i]);
    if (warnings.count > 0)
        fputs("</ul>\n</section>\n", page);
    put_counts(plan, r);
    if (r->outcomes[ANSWERED] > 0)
        put_times(plan, r);
    put_samples(r);
    fputs("<section>\n<h2>How it was measured</h2>\n<dl>\n", page);
    put_machine();
    fputs("</dl>\n<p>To repeat it:</p>\n<pre>", page);
    put_text(command);
    fputs("</pre>\n</section>\n</main>\n</body>\n</html>\n", page);
    free(command);
}
