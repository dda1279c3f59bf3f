/*
 * bench-theirs.c - the same work by libhttp-parser: each part of a head is noted down
 *
 * A file of its own: the two headers have the same name.
 */
#include <http_parser.h>

#include <stdlib.h>

void theirs(const char *request, size_t len, long times);

static struct {
    const char *start;
    size_t len;
} parts[256];
static size_t part_count;

static int
note_part(http_parser *parser, const char *start, size_t len)
{
    (void)parser;
    parts[part_count % 256].start = start;
    parts[part_count++ % 256].len = len;
    return 0;
}

static int
end_message(http_parser *parser)
{
    (void)parser;
    part_count = 0;
    return 0;
}

void
theirs(const char *request, size_t len, long times)
{
    http_parser_settings settings;
    http_parser parser;

    http_parser_settings_init(&settings);
    settings.on_url = note_part;
    settings.on_header_field = note_part;
    settings.on_header_value = note_part;
    settings.on_message_complete = end_message;
    http_parser_init(&parser, HTTP_REQUEST);
    while (times-- > 0)
        if (http_parser_execute(&parser, &settings, request, len) != len || part_count != 0)
            abort();
}
