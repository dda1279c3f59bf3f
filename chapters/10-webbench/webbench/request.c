#include "request.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_URL = 4000 };

/* Takes "host", "host:port" or "[::1]:port" apart; false: it is none of them. */
static bool
split_authority(const char *text, size_t len, struct plan *plan)
{
    const char *end = text + len, *host = text, *port;
    const char *host_end = memchr(text, *text == '[' ? ']' : ':', len);
    size_t digits;

    if (*text == '[') {
        host++;
        port = host_end ? host_end + 1 : end;
    } else {
        port = host_end = host_end ? host_end : end;
    }
    if (!host_end || host_end == host || host_end - host >= (int)sizeof plan->host)
        return false;
    snprintf(plan->host, sizeof plan->host, "%.*s", (int)(host_end - host), host);
    if (port == end) {
        strcpy(plan->port, "80");
        return true;
    }
    digits = strspn(port + 1, "0123456789");
    if (*port != ':' || port + 1 + digits != end || digits < 1 || digits >= sizeof plan->port)
        return false;
    snprintf(plan->port, sizeof plan->port, "%.*s", (int)digits, port + 1);
    return atoi(plan->port) >= 1 && atoi(plan->port) <= 65535;
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
write_request(struct plan *plan, const char *authority, int authority_len, const char *target)
{
    static const char *const version[] = {"", " HTTP/1.0", " HTTP/1.1"};
    char *p = plan->request, *end = p + sizeof plan->request;

    p += snprintf(p, (size_t)(end - p), "%s ", plan->method);
    if (plan->proxy) /* a proxy is told the whole URL: how else could it know the server? */
        p += snprintf(p, (size_t)(end - p), "%.*s", (int)(target - plan->url), plan->url);
    p += snprintf(p, (size_t)(end - p), "%s%.*s%s\r\n", *target == '/' ? "" : "/",
                  (int)strcspn(target, "#"), target, version[plan->http]);
    if (plan->http > HTTP_09)
        p += snprintf(p, (size_t)(end - p), "Host: %.*s\r\nUser-Agent: webbench\r\n%s%s\r\n",
                      authority_len, authority, plan->reload ? "Pragma: no-cache\r\n" : "",
                      plan->http == HTTP_11 ? "Connection: close\r\n" : "");
    plan->request_len = (int)(p - plan->request);
}

void
build_request(struct plan *plan)
{
    const char *scheme_end = strstr(plan->url, "://");
    const char *authority = scheme_end ? scheme_end + 3 : "";
    size_t len = strcspn(authority, "/?#");

    if (!scheme_end || (!plan->proxy && strncasecmp(plan->url, "http://", 7) != 0))
        errx(2, "a URL that begins with http:// is needed, not '%s'", plan->url);
    if (strlen(plan->url) > LONGEST_URL)
        errx(2, "the URL is longer than %d bytes", LONGEST_URL);
    for (const char *p = plan->url; *p; p++)
        if (*p <= ' ' || *p == 127)
            errx(2, "a URL has no spaces or control characters: '%s'", plan->url);
    if (!split_authority(authority, len, plan))
        errx(2, "no host, or no port from 1 to 65535, in '%s'", plan->url);
    if (plan->proxy && !split_authority(plan->proxy, strlen(plan->proxy), plan))
        errx(2, "the proxy must be HOST:PORT, not '%s'", plan->proxy);
    if (plan->http < oldest_version(plan))
        plan->http = oldest_version(plan);
    write_request(plan, authority, (int)len, authority + len);
}
