#include "request.h"

#include "url.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_URL = 4000 };

/* One line, whatever the text is: it is told up to what cannot be printed, and not at any length.
 */
static _Noreturn void
refuse(const char *what, const char *text, const char *reason)
{
    int len = (int)count_visible(text);

    if (len > 70)
        len = 70;
    errx(2, "%s '%.*s%s': %s", what, len, text, text[len] ? "..." : "", reason);
}

/* HTTP/0.9 knows GET and no fields; OPTIONS and TRACE came with HTTP/1.1. */
static enum http
oldest_version(const struct plan *plan)
{
    if (strcmp(plan->method, "OPTIONS") == 0 || strcmp(plan->method, "TRACE") == 0)
        return HTTP_11;
    return strcmp(plan->method, "HEAD") == 0 || plan->reload || plan->proxy ? HTTP_10 : HTTP_09;
}

static void
write_request(struct plan *plan, const struct url *url)
{
    static const char *const version[] = {"", " HTTP/1.0", " HTTP/1.1"};
    char *p = plan->request, *end = p + sizeof plan->request;

    p += snprintf(p, (size_t)(end - p), "%s ", plan->method);
    if (plan->proxy) /* a proxy is told the whole URL: how else could it know the server? */
        p += snprintf(p, (size_t)(end - p), "%.*s", (int)(url->target - plan->url), plan->url);
    p += snprintf(p, (size_t)(end - p), "%s%.*s%s\r\n", url->slash, (int)url->target_len,
                  url->target, version[plan->http]);
    if (plan->http > HTTP_09)
        p += snprintf(p, (size_t)(end - p), "Host: %.*s\r\nUser-Agent: webbench\r\n%s%s\r\n",
                      (int)url->authority_len, url->authority,
                      plan->reload ? "Pragma: no-cache\r\n" : "",
                      plan->http == HTTP_11 ? "Connection: close\r\n" : "");
    plan->request_len = (int)(p - plan->request);
}

/* The proxy is whom to connect to, in the place of the URL's host. */
static void
find_proxy(const char *proxy, struct url *whom)
{
    const char *wrong = NULL;

    if (proxy[count_visible(proxy)] || strpbrk(proxy, "/?#@"))
        wrong = "HOST:PORT is all that it may be";
    else
        wrong = parse_authority(proxy, strlen(proxy), whom);
    if (wrong)
        refuse("the proxy", proxy, wrong);
}

void
build_request(struct plan *plan)
{
    struct url url;
    const char *wrong;

    if (strlen(plan->url) > LONGEST_URL)
        errx(2, "the URL is longer than %d bytes", LONGEST_URL);
    wrong = parse_url(plan->url, plan->proxy != NULL, &url);
    if (wrong)
        refuse("the URL", plan->url, wrong);
    if (plan->proxy)
        find_proxy(plan->proxy, &url);
    strcpy(plan->host, url.host);
    strcpy(plan->port, url.port);
    if (plan->http < oldest_version(plan))
        plan->http = oldest_version(plan);
    write_request(plan, &url);
}
