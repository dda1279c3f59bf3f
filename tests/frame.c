/*
 * frame.c - shows and tests the machine of lib/frame
 *
 * Run:    build/tests/frame 2 7 hello | build/tests/frame          what the machine says
 *         build/tests/frame 2 7 hello                              a frame: command, stream, data
 *         build/tests/frame check                                  frames cut anywhere, at random
 *
 * With `check` the frames are made here, by a fixed seed: encoded, read back, at every split.
 */
#include "08-fsm/frame-story.h"

#include "error.h"

#include <unistd.h>

enum { MOST_BYTES = 1 << 20 };

static uint8_t bytes[MOST_BYTES], data[FRAME_MOST_DATA + 1];

static void
show(void)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes + len, sizeof bytes - len)) > 0)
        len += (size_t)n;
    if (n < 0)
        fail("read", NULL);
    tell_frames(bytes, len, (struct pieces){.next = whole}, stdout);
}

static void
must_be_same(size_t len, const char *expected, struct pieces pieces)
{
    char *story = frames_of(bytes, len, pieces);

    if (strcmp(story, expected) != 0) {
        printf("whole:\n%sin pieces (%zu):\n%s", expected, pieces.split, story);
        exit(1);
    }
    free(story);
}

/* Every length at which something begins, and lies on either side of it. */
static void
must_come_back(size_t len, uint8_t command, uint32_t stream)
{
    struct frame_parser parser;
    size_t used, frame = frame_encode(bytes, sizeof bytes, command, stream, data, len);

    promised(frame == FRAME_HEAD_LEN + len, "a frame has a head and its data");
    frame_parser_start(&parser);
    promised(frame_parse(&parser, bytes, frame, &used) == FRAME_HEAD && used == FRAME_HEAD_LEN,
             "first comes the head");
    promised(parser.command == command && parser.stream == stream && parser.len == len,
             "what was encoded is decoded");
    if (len > 0)
        promised(frame_parse(&parser, bytes + used, frame - used, &used) == FRAME_DATA &&
                     parser.data_len == len && memcmp(parser.data, data, len) == 0,
                 "the data is the same");
    promised(frame_parse(&parser, bytes, 0, &used) == FRAME_END && used == 0, "then comes the end");
    promised(!frame_in_frame(&parser), "and nothing is left");
}

static int
check_all(void)
{
    static const size_t lengths[] = {0, 1, 2, 127, 255, 256, 257, 32768, 65279, 65534, 65535};
    uint64_t seed = 2463534242u;
    size_t len = 0;
    char *expected;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)next_random(&seed);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        must_come_back(lengths[i], (uint8_t)(i * 51), 0x01020304u * (uint32_t)i);
    must_come_back(3, 255, UINT32_MAX);
    promised(frame_encode(bytes, sizeof bytes, 2, 1, data, FRAME_MOST_DATA + 1) == 0,
             "65,536 bytes of data are refused");
    promised(frame_encode(bytes, 11, 2, 1, data, 5) == 0 &&
                 frame_encode(bytes, 12, 2, 1, data, 5) == 12,
             "a frame that does not fit is refused");
    promised(frame_encode(bytes, 7, 2, 1, NULL, 0) == 7, "no data needs no bytes");
    for (int i = 0; i < 12; i++)
        len += frame_encode(bytes + len, sizeof bytes - len, (uint8_t)next_random(&seed),
                            (uint32_t)next_random(&seed), data, next_random(&seed) % 60);
    len -= 2; /* the last one is cut */
    expected = frames_of(bytes, len, (struct pieces){.next = whole});
    for (size_t split = 1; split < len; split++)
        must_be_same(len, expected, (struct pieces){.next = one_split, .split = split});
    must_be_same(len, expected, (struct pieces){.next = byte_by_byte});
    for (uint64_t i = 1; i < 1000; i++)
        must_be_same(len, expected, (struct pieces){.next = random_pieces, .seed = i});
    free(expected);
    return 0;
}

int
main(int argc, char **argv)
{
    size_t len;

    if (argc == 2 && strcmp(argv[1], "check") == 0)
        return check_all();
    if (argc == 1) {
        show();
    } else if (argc == 4) {
        len = frame_encode(bytes, sizeof bytes, (uint8_t)strtoul(argv[1], NULL, 0),
                           (uint32_t)strtoul(argv[2], NULL, 0), argv[3], strlen(argv[3]));
        fwrite(bytes, 1, len, stdout);
    } else {
        return 2;
    }
    return 0;
}
