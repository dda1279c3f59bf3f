/*
 * fuzz-frame.c - libFuzzer's door to lib/frame: tests/tools/fuzz builds and runs it
 *
 * Whole, byte by byte and in random pieces, the machine must say the same; and a frame made of
 * the bytes must come back.
 */
#include "frame-story.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must_come_back(const uint8_t *bytes, size_t len)
{
    uint8_t *frame = malloc(FRAME_HEAD_LEN + len);
    size_t frame_len, used;
    struct frame_parser parser;

    promised(frame, "there is memory");
    frame_len = frame_encode(frame, FRAME_HEAD_LEN + len, bytes[0], 7, bytes, len);
    frame_parser_start(&parser);
    if (len > FRAME_MOST_DATA) {
        promised(frame_len == 0, "what is too long is refused");
    } else {
        promised(frame_parse(&parser, frame, frame_len, &used) == FRAME_HEAD, "a head");
        promised(parser.command == bytes[0] && parser.stream == 7 && parser.len == len, "the same");
        promised(frame_parse(&parser, frame + used, frame_len - used, &used) == FRAME_DATA &&
                     memcmp(parser.data, bytes, len) == 0,
                 "the same data");
    }
    free(frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct pieces random = {.next = random_pieces, .seed = 88172645463325252u + len};
    char *expected = frames_of(bytes, len, (struct pieces){.next = whole});
    char *slowly = frames_of(bytes, len, (struct pieces){.next = byte_by_byte});
    char *randomly = frames_of(bytes, len, random);

    promised(strcmp(slowly, expected) == 0 && strcmp(randomly, expected) == 0,
             "however it is cut, the story is the same");
    if (len > 0)
        must_come_back(bytes, len);
    free(expected);
    free(slowly);
    free(randomly);
    return 0;
}
