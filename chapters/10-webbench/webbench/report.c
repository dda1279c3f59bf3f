#include "report.h"

#include "clock.h"
#include "error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What every answer is to be: HTTP/0.9 knows no status, and with -f nobody has looked. */
static uint64_t
count_pages(const struct plan *plan, const struct tally *tally)
{
    if (plan->force)
        return tally->susceed;
    return tally->answers[plan->http == HTTP_09 ? NO_STATUS : CLASS_1 + 1];
}

static uint64_t
count_failed(const struct tally *tally)
{
    return tally->failed[CONNECT] + tally->failed[SEND] + tally->failed[RECEIVE];
}

/* "Answers: 12 2xx, 3 empty." Kinds that did not occur are left out. */
static void
print_counts(const char *title, const uint64_t *counts, const char *const *names, int kinds)
{
    const char *separator = "";

    printf("%s: ", title);
    for (int i = 0; i < kinds; i++)
        if (counts[i] > 0) {
            printf("%s%" PRIu64 " %s", separator, counts[i], names[i]);
            separator = ", ";
        }
    printf("%s", *separator ? "" : "none");
}

void
print_report(const struct plan *plan, const struct tally *tally)
{
    static const char *const answers[] = {
        "empty", "cut short or too long", "without a status", "1xx", "2xx", "3xx", "4xx", "5xx"};
    static const char *const steps[] = {"to connect", "to send", "to receive"};
    double seconds = (double)plan->window / NS_PER_SECOND;

    printf("\nSpeed=%.0f pages/min, %.0f bytes/sec.\n", (double)tally->susceed * 60 / seconds,
           (double)tally->bytes / seconds);
    printf("Requests: %" PRIu64 " susceed, %" PRIu64 " failed.\n", tally->susceed,
           count_failed(tally));
    if (plan->force)
        printf("Answers: not waited for");
    else
        print_counts("Answers", tally->answers, answers, ANSWERS);
    printf("; %" PRIu64 " still due when the time was up.\n", tally->unfinished);
    if (count_failed(tally) > 0) {
        print_counts("Failures", tally->failed, steps, STEPS);
        printf("; the last said %s.\n", errno_name(tally->error));
    }
    fflush(stdout);
}

bool
is_good(const struct plan *plan, const struct tally *tally)
{
    uint64_t pages = count_pages(plan, tally), ended = tally->susceed + count_failed(tally);

    if (pages > 0 && pages == ended)
        return true;
    fprintf(stderr, "webbench: only %" PRIu64 " of %" PRIu64 " requests got a whole page\n", pages,
            ended);
    return false;
}
