#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "http://";

/* "host:port" or "[::1]:port", with the port or without. */
static const char *
parse_authority(const char *text, size_t len, struct url *url)
{
    const char *end = text + len, *host = text, *host_end, *port;
    size_t host_len;

    if (len > 0 && *text == '[') {
        host_end = memchr(++host, ']', len - 1);
        if (!host_end)
            return "no ] after the address";
        port = host_end + 1;
        if (port < end && *port != ':')
            return "nothing but a port may follow the address";
    } else {
        host_end = memchr(text, ':', len);
        port = host_end ? host_end : (host_end = end);
    }
    host_len = (size_t)(host_end - host);
    if (host_len == 0 || host_len > LONGEST_HOST)
        return "no host, or too long a name";
    memcpy(url->host, host, host_len);
    url->host[host_len] = '\0';

    strcpy(url->port, "80");
    if (end - port > 1) {
        size_t digits = (size_t)(end - ++port);

        if (digits > 5 || strspn(port, "0123456789") < digits)
            return "the port is no number";
        memcpy(url->port, port, digits);
        url->port[digits] = '\0';
        if (atoi(url->port) < 1 || atoi(url->port) > 65535)
            return "a port is from 1 to 65535";
    }
    return NULL;
}

const char *
parse_url(const char *text, struct url *url)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~') /* a line feed would begin a field of its own */
            return "what is no visible ASCII must be percent-encoded";
    if (strncasecmp(text, scheme, strlen(scheme)) != 0)
        return "it must begin with http://";
    url->authority = text + strlen(scheme);
    url->authority_len = strcspn(url->authority, "/?#");
    if (memchr(url->authority, '@', url->authority_len))
        return "a name and password belong into -H 'Authorization: ...'";
    url->target = url->authority + url->authority_len;
    url->target_len = strcspn(url->target, "#");
    return parse_authority(url->authority, url->authority_len, url);
}
