#include "protocol.h"

#include "http_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Echo remembers nothing: what has come and has not yet gone back lies in the buffers. */
static void
echo_nothing(void *state)
{
    (void)state;
}

static void
echo_late(void *state, struct buffer *out)
{
    (void)state;
    (void)out;
}

static enum feed
echo_feed(void *state, struct buffer *in, struct buffer *out)
{
    size_t room = buffer_room(out), len = buffer_length(in);

    (void)state;
    if (len > room)
        len = room;
    buffer_append(out, buffer_bytes(in), len); /* it fits */
    buffer_consume(in, len);
    return buffer_length(in) > 0 ? FEED_ROOM : FEED_IDLE;
}

const struct protocol echo_protocol = {
    .name = "echo",
    .state_size = 1,
    .start = echo_nothing,
    .feed = echo_feed,
    .late = echo_late,
    .end = echo_nothing,
};

const struct protocol *
find_protocol(const char *name)
{
    static const struct protocol *const known[] = {&echo_protocol, &http_protocol};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i]->name, name) == 0)
            return known[i];
    fprintf(stderr, "%s: PROTOCOL must be echo or http, not '%s'\n", program_invocation_short_name,
            name);
    exit(2);
}
