#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t
count_visible(const char *text)
{
    size_t n = 0;

    while (text[n] > ' ' && text[n] <= '~')
        n++;
    return n;
}

/* What stands between the host and `end`: nothing, or ":", or ":8000". */
static const char *
parse_port(const char *text, const char *end, struct url *url)
{
    unsigned long port = 80;

    if (text < end && *text++ != ':')
        return "nothing but a port can follow the ]";
    if (text < end) { /* an empty port is the default one: RFC 3986, 3.2.3 */
        if (text + strspn(text, "0123456789") != end)
            return "the port is not a number";
        port = strtoul(text, NULL, 10);
    }
    if (port < 1 || port > 65535)
        return "a port is from 1 to 65535";
    snprintf(url->port, sizeof url->port, "%lu", port);
    return NULL;
}

const char *
parse_authority(const char *text, size_t len, struct url *url)
{
    const char *end = text + len, *host = text, *host_end, *port;
    bool in_brackets = len > 0 && *text == '[';

    if (in_brackets) {
        host_end = memchr(++host, ']', len - 1);
        if (!host_end)
            return "no ] after the address";
        port = host_end + 1;
    } else {
        host_end = memchr(text, ':', len);
        if (!host_end)
            host_end = end;
        port = host_end;
        if (port < end && memchr(port + 1, ':', (size_t)(end - port) - 1))
            return "more than one ':'; an IPv6 address stands in []";
    }
    if (host_end == host)
        return "no host";
    if (host_end - host > LONGEST_HOST)
        return "the host is longer than 255 bytes";
    if (in_brackets && !memchr(host, ':', (size_t)(host_end - host)))
        return "what stands in [] must be an IPv6 address";
    snprintf(url->host, sizeof url->host, "%.*s", (int)(host_end - host), host);
    return parse_port(port, end, url);
}

static const char *
check_scheme(const char *text, size_t len, bool any_scheme)
{
    if (len == 0 || strncmp(text + len, "://", 3) != 0)
        return "it must begin with http://";
    if (any_scheme || (len == 4 && strncasecmp(text, "http", len) == 0))
        return NULL;
    if (len == 5 && strncasecmp(text, "https", len) == 0)
        return "https needs TLS, which is not spoken here";
    return "only http is spoken here";
}

const char *
parse_url(const char *text, bool any_scheme, struct url *url)
{
    size_t scheme_len = strcspn(text, ":/?#@[]");
    const char *wrong;

    if (text[count_visible(text)]) /* a line feed would begin a field of its own */
        return "what is no visible ASCII must be percent-encoded";
    wrong = check_scheme(text, scheme_len, any_scheme);
    if (wrong)
        return wrong;
    url->authority = text + scheme_len + strlen("://");
    url->authority_len = strcspn(url->authority, "/?#");
    if (memchr(url->authority, '@', url->authority_len))
        return "a name and password (before the @) would not be sent";
    url->target = url->authority + url->authority_len;
    url->target_len = strcspn(url->target, "#");
    url->slash = *url->target == '/' ? "" : "/";
    return parse_authority(url->authority, url->authority_len, url);
}
