/*
 * http.c - requests of HTTP/1.1 and whether their answers are the wanted ones
 *
 * What is sent is the same again and again, so it is made once: the requests of all URLs lie one
 * behind the other on a tape, which is longer than one round by as many requests as may be in
 * flight. Whatever a client has to send next is then one stretch of it, and one send().
 */
#include "clients.h"
#include "error.h"
#include "url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct plan *plan;
static struct answer_rules rules;
static char *tape;
static size_t *starts;     /* of the requests on the tape, and its end */
static unsigned url_count; /* requests in a round */

/* Of each URL; if there are many, some share one, and their heads are read more often. */
enum { KNOWN = 16 };
static _Thread_local struct known_head known[KNOWN];

/* ---- requests ---- */

/* Does a header that the user gave have this name? Then it stands in the place of ours. */
static bool
is_given(const char *name)
{
    for (const char *const *h = plan->headers; *h; h++)
        if (strncasecmp(*h, name, strlen(name)) == 0 && (*h)[strlen(name)] == ':')
            return true;
    return false;
}

/* What cannot be parsed has been refused before. */
static void
write_request(FILE *out, const char *text)
{
    struct url url;

    parse_url(text, false, &url);
    fprintf(out, "%s %s%.*s HTTP/1.1\r\n", plan->method, url.slash, (int)url.target_len,
            url.target);
    if (!is_given("Host"))
        fprintf(out, "Host: %.*s\r\n", (int)url.authority_len, url.authority);
    if (plan->visits && !is_given("Connection"))
        fprintf(out, "Connection: close\r\n");
    if (plan->body && !is_given("Content-Length"))
        fprintf(out, "Content-Length: %zu\r\n", plan->body_len);
    for (const char *const *h = plan->headers; *h; h++)
        fprintf(out, "%s\r\n", *h);
    fprintf(out, "\r\n");
    if (plan->body)
        fwrite(plan->body, 1, plan->body_len, out);
}

static void
prepare(const struct plan *the_plan)
{
    size_t len, count;
    FILE *out = open_memstream(&tape, &len);

    plan = the_plan;
    rules = (struct answer_rules){.to_head = strcmp(plan->method, "HEAD") == 0,
                                  .sums = plan->wanted_checksum >= 0};
    for (url_count = 1; plan->urls[url_count];) /* there is one at least */
        url_count++;
    count = url_count + (size_t)plan->pipeline;
    starts = calloc(count + 1, sizeof *starts);
    if (!out || !starts)
        fail("malloc", NULL);
    for (size_t i = 0; i < count; i++) {
        write_request(out, plan->urls[i % url_count]);
        fflush(out);
        starts[i + 1] = len;
    }
    if (fclose(out) != 0)
        fail("malloc", NULL);
}

/* Rotation begins with another URL for each client. */
static void
ask(struct exchange *x, uint64_t number)
{
    unsigned url = (uint32_t)(number + (number >> 32)) % url_count;

    if (x->unanswered++ == 0)
        x->oldest = url;
    if (x->out_left == 0)
        x->out = tape + starts[url];
    else if (x->out >= tape + starts[url_count]) /* the same a round before, where room is */
        x->out -= starts[url_count];
    x->out_left += starts[url + 1] - starts[url];
}

/* ---- answers ---- */

static enum outcome
judge(const struct answer *a)
{
    if (a->status < plan->least_status || a->status > plan->most_status)
        return WRONG_STATUS;
    if (plan->wanted_length >= 0 && a->body_len != (uint64_t)plan->wanted_length)
        return WRONG_BODY;
    if (plan->wanted_checksum >= 0 && answer_checksum(a) != plan->wanted_checksum)
        return WRONG_BODY;
    return ANSWERED;
}

static enum outcome
take(struct exchange *x, const char *bytes, size_t len, size_t *used)
{
    if (x->out_left >= starts[x->oldest + x->unanswered] - starts[x->oldest])
        return BAD_RESPONSE; /* of the oldest request, if there is one, not a byte has been sent */
    switch (take_answer(&x->answer, &rules, &known[x->oldest % KNOWN], bytes, len, used)) {
    case ANSWER_MORE:
        return IN_FLIGHT;
    case ANSWER_BAD:
        return BAD_RESPONSE;
    case ANSWER_END:
        break;
    }
    if (x->unanswered == 1 && *used < len)
        return BAD_RESPONSE; /* what follows the last answer is none that was asked for */
    x->unanswered--;
    x->oldest = x->oldest + 1 < url_count ? x->oldest + 1 : 0;
    x->last = x->answer.closes;
    return judge(&x->answer);
}

static enum outcome
end(struct exchange *x)
{
    switch (x->answer.state) {
    case UNTIL_END:
        x->unanswered--;
        x->last = true;
        return judge(&x->answer);
    case IN_HEAD:
        return CLOSED_EARLY;
    default:
        return TRUNCATED;
    }
}

const struct protocol http = {
    .reconnects = true, .prepare = prepare, .ask = ask, .take = take, .end = end};
