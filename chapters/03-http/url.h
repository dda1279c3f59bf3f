/*
 * url.h - takes a URL apart, as the clients of this chapter need it
 */
#pragma once

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct url {
    char host[256]; /* without the brackets of an IPv6 address */
    char port[6];
    char authority[270]; /* for the field Host: as it stands in the URL */
    char target[4096];
};

/* "http://host:port/target#fragment"; ends the program if it is not so. RFC 3986, section 3. */
static inline void
split_url(const char *text, struct url *url)
{
    const char *begin, *end, *host_end, *port;

    if (strncasecmp(text, "http://", 7) != 0)
        errx(2, "a URL that begins with http:// is needed, not '%s'", text);
    begin = text + 7;
    end = begin + strcspn(begin, "/?#");
    host_end = *begin == '[' ? memchr(begin, ']', (size_t)(end - begin)) : begin;
    if (host_end)
        host_end = memchr(host_end, ':', (size_t)(end - host_end));
    port = host_end ? host_end + 1 : "80";
    host_end = host_end ? host_end : end;
    snprintf(url->authority, sizeof url->authority, "%.*s", (int)(end - begin), begin);
    snprintf(url->port, sizeof url->port, "%.*s", (int)strspn(port, "0123456789"), port);
    if (*begin == '[' && host_end > begin + 1)
        begin++, host_end--;
    snprintf(url->host, sizeof url->host, "%.*s", (int)(host_end - begin), begin);
    /* What follows a '#' is for the browser alone, and never sent. */
    snprintf(url->target, sizeof url->target, "%s%.*s", *end == '/' ? "" : "/",
             (int)strcspn(end, "#"), end);
    if (!*url->host || strpbrk(text, " \r\n") || end - begin >= (int)sizeof url->host ||
        strlen(end) + 1 >= sizeof url->target || strspn(port, "0123456789") > 5)
        errx(2, "not a URL that can be asked for: '%s'", text);
}
