/*
 * http_parser.c - shows, tests, shakes and draws the machine of lib/http_parser
 *
 * Run:    printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | build/tests/http_parser
 *         build/tests/http_parser splits FILE...           each at every split, and byte by byte
 *         build/tests/http_parser mutate ROUNDS FILE...    and as many wrong versions of them
 *         build/tests/http_parser transitions FILE...      what leads from state to state
 *
 * The first prints what the machine says: a head with its parts, bytes of the body, the end with
 * the number of bytes so far, an error with its status. The others end with 1 at a difference.
 */
#include "08-fsm/http-story.h"

#include "error.h"

#include <fcntl.h>
#include <unistd.h>

enum { MOST_BYTES = 200000, MOST_STATES = 64 };

static char *input;
static size_t input_len;

/* The bytes of a file ("-": standard input) are put into `input`. */
static void
read_input(const char *path)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY);
    ssize_t n;

    if (fd < 0)
        fail("open", path);
    for (input_len = 0; input_len < MOST_BYTES; input_len += (size_t)n)
        if ((n = check((int)read(fd, input + input_len, MOST_BYTES - input_len), "read")) == 0)
            break;
    if (fd != STDIN_FILENO)
        close(fd);
}

static int
show(void)
{
    struct story story = {.out = stdout, .show_body = true};

    return tell_story(input, input_len, (struct pieces){.next = whole}, &story) ? 0 : 1;
}

/* ---- cut anywhere, it is the same ---- */

static void
must_be_same(const char *path, const char *expected, struct pieces pieces, const char *how)
{
    if (same_story(input, input_len, expected, pieces))
        return;
    fprintf(stderr, "%s differs %s (%zu)\n", path, how, pieces.split);
    exit(1);
}

static void
try_all_splits(const char *path)
{
    char *expected = story_of(input, input_len, (struct pieces){.next = whole});

    for (size_t split = 1; split < input_len; split++)
        must_be_same(path, expected, (struct pieces){.next = one_split, .split = split},
                     "when cut in two");
    must_be_same(path, expected, (struct pieces){.next = byte_by_byte}, "byte by byte");
    free(expected);
}

/* ---- wrong bytes at random, the same at each run ---- */

/* A byte changed, a piece left out, doubled, or put in: what a fuzzer does first. */
static void
mutate(uint64_t *seed)
{
    static const char *const pieces[] = {
        "\r",
        "\n",
        "\r\n",
        " ",
        "\t",
        ":",
        ",",
        ";",
        "0",
        "\"",
        "%",
        "[",
        "\r\n\r\n",
        "\x7f",
        "\xff",
        "Host: b\r\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1",
    };
    size_t at = next_random(seed) % (input_len + 1), n = 0, len;
    const char *piece = "";

    switch (next_random(seed) % 4) {
    case 0:
        if (at < input_len)
            input[at] = (char)next_random(seed);
        return;
    case 1:
        n = next_random(seed) % 8;
        break;
    case 2:
        piece = pieces[next_random(seed) % (sizeof pieces / sizeof *pieces)];
        break;
    default:
        input_len = at;
        return;
    }
    n = n < input_len - at ? n : input_len - at;
    len = strlen(piece);
    memmove(input + at + len, input + at + n, input_len - at - n);
    memcpy(input + at, piece, len);
    input_len += len - n;
}

static void
try_mutants(const char *path, long rounds)
{
    uint64_t seed = 88172645463325252u;

    for (long i = 0; i < rounds; i++) {
        char *expected;

        read_input(path);
        for (uint64_t n = 1 + next_random(&seed) % 4; n > 0; n--)
            mutate(&seed);
        expected = story_of(input, input_len, (struct pieces){.next = whole});
        must_be_same(path, expected, (struct pieces){.next = byte_by_byte}, "byte by byte");
        must_be_same(path, expected, (struct pieces){.next = random_pieces, .seed = seed},
                     "in random pieces");
        free(expected);
    }
}

/* ---- the machine, drawn by running it ---- */

/* leads[from][to][byte]: that byte has led from the one state to the other. */
static bool leads[MOST_STATES][MOST_STATES][256];
static bool silently[MOST_STATES][MOST_STATES]; /* it needs no byte */

/* A copy of the machine, which has used up all of `bytes` but the last, is given each byte in turn.
 */
static void
try_each_byte(const struct http_parser *parser, char *bytes, size_t len)
{
    char saved = bytes[len - 1];

    for (int byte = 0; byte < 256; byte++) {
        struct http_parser copy = *parser;
        size_t used;

        bytes[len - 1] = (char)byte;
        http_parse(&copy, bytes, len, &used);
        leads[parser->state][copy.state][byte] = true;
    }
    bytes[len - 1] = saved;
}

/* Walks through a message byte by byte, and looks to the sides at each step. */
static void
explore(void)
{
    size_t done = 0, used;
    struct http_parser parser;
    enum http_event event;

    http_parser_start(&parser, MOST_BODY);
    for (size_t given = 1; given <= input_len; given++) {
        try_each_byte(&parser, input + done, given - done);
        do {
            unsigned before = parser.state;

            event = http_parse(&parser, input + done, given - done, &used);
            done += used;
            if (event == HTTP_END && done == given && used == 0)
                silently[before][parser.state] = true;
        } while (event != HTTP_MORE && event != HTTP_ERROR);
        if (event == HTTP_ERROR)
            return;
    }
}

static void
print_bytes(const bool *set)
{
    int count = 0;

    for (int byte = 0; byte < 256; byte++)
        count += set[byte];
    for (int first = 0, last; first < 256; first = last + 1) {
        last = first;
        if (!set[first])
            continue;
        while (last < 255 && set[last + 1])
            last++;
        if (first > ' ' && first < 127)
            printf(" %c", first);
        else
            printf(" \\x%02x", (unsigned)first);
        if (last > first && last > ' ' && last < 127)
            printf("%s%c", last > first + 1 ? "-" : " ", last);
        else if (last > first)
            printf("%s\\x%02x", last > first + 1 ? "-" : " ", (unsigned)last);
    }
    printf("\t%d\n", count);
}

/* from TAB to TAB bytes TAB how many; without a byte: "nothing". Errors are left out. */
static void
print_transitions(void)
{
    for (unsigned from = 0; http_state_name(from); from++)
        for (unsigned to = 0; http_state_name(to); to++) {
            bool *set = leads[from][to];

            if (silently[from][to])
                printf("%s\t%s\tnothing\t0\n", http_state_name(from), http_state_name(to));
            if (!http_state_name(to + 1) || !memchr(set, true, sizeof leads[from][to]))
                continue;
            printf("%s\t%s\t", http_state_name(from), http_state_name(to));
            print_bytes(set);
        }
}

int
main(int argc, char **argv)
{
    const char *task = argc > 1 ? argv[1] : "";
    bool mutants = strcmp(task, "mutate") == 0 && argc > 2;
    int first = mutants ? 3 : 2;

    input = malloc(MOST_BYTES + 100);
    if (!input)
        fail("malloc", NULL);
    if (argc == 1) {
        read_input("-");
        return show();
    }
    for (int i = first; i < argc; i++) {
        read_input(argv[i]);
        if (strcmp(task, "splits") == 0)
            try_all_splits(argv[i]);
        else if (strcmp(task, "transitions") == 0)
            explore();
        else if (mutants)
            try_mutants(argv[i], strtol(argv[2], NULL, 10));
        else
            return 2;
    }
    if (strcmp(task, "transitions") == 0)
        print_transitions();
    free(input);
    return 0;
}
