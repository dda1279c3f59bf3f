/*
 * bench.c - how fast lib/http_parser reads a request, beside other ways to do it
 *
 * Built and run by chapters/08-fsm/bench. All ways take turns, ROUNDS times; the median is
 * reported, and how far the fastest and the slowest turn were from it.
 */
#include "clock.h"
#include "http_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 41, STATES = 64, WAYS = 4 };

/* bench-theirs.c; without the library it is not there. */
void theirs(const char *request, size_t len, long times) __attribute__((weak));

static void
must(bool holds)
{
    if (!holds) {
        fprintf(stderr, "bench: a request was not understood\n");
        exit(1);
    }
}

static void
ours(const char *request, size_t len, long times)
{
    struct http_parser parser;
    size_t used;

    http_parser_start(&parser, 0);
    while (times-- > 0) {
        must(http_parse(&parser, request, len, &used) == HTTP_HEAD && used == len);
        must(http_parse(&parser, request + len, 0, &used) == HTTP_END);
    }
}

/* As if each byte came alone: the price of stopping and going on. */
static void
ours_byte_by_byte(const char *request, size_t len, long times)
{
    struct http_parser parser;
    size_t used;

    http_parser_start(&parser, 0);
    while (times-- > 0) {
        for (size_t have = 1; have < len; have++)
            must(http_parse(&parser, request, have, &used) == HTTP_MORE);
        must(http_parse(&parser, request, len, &used) == HTTP_HEAD && used == len);
        must(http_parse(&parser, request + len, 0, &used) == HTTP_END);
    }
}

static unsigned char table[STATES][256];

/* The same machine as a table: what leads where, seen by running it (see tests/http_parser.c). */
static void
fill_table(const char *request, size_t len)
{
    struct http_parser parser, copy;
    char *bytes = strndup(request, len);
    size_t used;

    must(bytes);
    http_parser_start(&parser, 0);
    for (size_t have = 1; have <= len; have++) {
        for (int byte = 0; byte < 256; byte++) {
            copy = parser;
            bytes[have - 1] = (char)byte;
            http_parse(&copy, bytes, have, &used);
            table[parser.state][byte] = copy.state;
        }
        bytes[have - 1] = request[have - 1];
        http_parse(&parser, bytes, have, &used);
    }
    free(bytes);
}

/* One look-up a byte, and nothing is noted down: what is where, nobody knows afterwards. */
static void
table_only(const char *request, size_t len, long times)
{
    struct http_parser parser;

    http_parser_start(&parser, 0);
    while (times-- > 0) {
        unsigned char state = parser.state;

        for (size_t i = 0; i < len; i++)
            state = table[state][(unsigned char)request[i]];
        must(strcmp(http_state_name(state), "DONE") == 0);
    }
}

static const struct {
    const char *name;
    void (*run)(const char *request, size_t len, long times);
} ways[WAYS] = {
    {"lib/http_parser", ours},
    {"the same, byte by byte", ours_byte_by_byte},
    {"a table, byte by byte", table_only},
    {"libhttp-parser 2.9", theirs},
};

static int
by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void
measure(const char *name, const char *request)
{
    static double ns[WAYS][ROUNDS];
    size_t len = strlen(request);
    long times = 2000000 / (long)len;

    fill_table(request, len);
    for (int round = -1; round < ROUNDS; round++) /* the first one warms up */
        for (int way = 0; way < WAYS; way++) {
            int64_t start = now_ns();

            if (!ways[way].run)
                continue;
            ways[way].run(request, len, times);
            ns[way][round < 0 ? 0 : round] = (double)(now_ns() - start) / (double)times;
        }
    for (int way = 0; way < WAYS; way++)
        qsort(ns[way], ROUNDS, sizeof *ns[way], by_value);
    printf("%s, %zu bytes\n", name, len);
    for (int way = 0; way < WAYS; way++) {
        double median = ns[way][ROUNDS / 2];

        if (!ways[way].run)
            continue;
        printf("  %-24s %8.1f ns (%.1f to %.1f) %6.2f M requests/s %6.0f MB/s", ways[way].name,
               median, ns[way][0], ns[way][ROUNDS - 1], 1e3 / median, (double)len * 1e3 / median);
        printf(way == 0 ? "\n" : "   ours is %.2f times as fast\n", median / ns[0][ROUNDS / 2]);
    }
}

int
main(void)
{
    measure("minimal", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    measure("a browser's",
            "GET /articles/2026/ready-or-not.html?from=front&page=2 HTTP/1.1\r\n"
            "Host: www.example.org\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/130.0.0.0 Safari/537.36\r\n"
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
            "*/*;q=0.8\r\n"
            "Accept-Language: en-GB,en;q=0.8,zh-CN;q=0.6\r\n"
            "Accept-Encoding: gzip, deflate, br\r\n"
            "Referer: https://www.example.org/\r\n"
            "Connection: keep-alive\r\n"
            "Upgrade-Insecure-Requests: 1\r\n"
            "Sec-Fetch-Dest: document\r\n"
            "Sec-Fetch-Mode: navigate\r\n"
            "Sec-Fetch-Site: same-origin\r\n"
            "If-Modified-Since: Sat, 21 Nov 2026 08:49:37 GMT\r\n"
            "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=light; seen=2026-11-21\r\n"
            "\r\n");
    return 0;
}
