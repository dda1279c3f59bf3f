/*
 * url.h - the parts of http://host:port/target
 */
#pragma once

#include <stddef.h>

enum { LONGEST_HOST = 255 };

struct url {
    char host[LONGEST_HOST + 1]; /* a name or a number, without the brackets of IPv6 */
    char port[6];                /* "80" unless given */
    const char *authority;       /* both as they stand in the URL, for Host: */
    size_t authority_len;
    const char *target; /* from the path to the fragment, which is not the server's business */
    size_t target_len;
};

/* NULL: `url` says what `text` says, which stays where it is. Else what is wrong with it. */
const char *parse_url(const char *text, struct url *url);
