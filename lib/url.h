/*
 * url.h - the parts of http://host:port/target, or what is wrong with it (RFC 3986, section 3)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LONGEST_HOST = 255 };

struct url {
    char host[LONGEST_HOST + 1]; /* a name or a number, without the brackets of IPv6 */
    char port[6];                /* "80" unless given */
    const char *authority;       /* both as they stand in the URL, for Host: */
    size_t authority_len;
    const char *slash;  /* "/" if the target lacks the one it has to begin with, else "" */
    const char *target; /* from the path to the fragment, which is not the server's business */
    size_t target_len;
};

/*
 * NULL: `url` says what `text` says, which stays where it is. Else what is wrong with it. The
 * scheme must be http, unless somebody else is to understand it.
 */
const char *parse_url(const char *text, bool any_scheme, struct url *url);

/* The same for "host", "host:port" and "[::1]:port". Only host and port are filled in. */
const char *parse_authority(const char *text, size_t len, struct url *url);

/* How many bytes `text` begins with that are neither spaces nor control characters, and ASCII. */
size_t count_visible(const char *text);
