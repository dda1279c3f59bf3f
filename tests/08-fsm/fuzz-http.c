/*
 * fuzz-http.c - libFuzzer's door to lib/http_parser: tests/tools/fuzz builds and runs it
 *
 * Whole, byte by byte and in random pieces, the machine must say the same, keep what its header
 * promises, and look at no byte that it was not given.
 */
#include "http-story.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    struct pieces random = {.next = random_pieces, .seed = 88172645463325252u};
    char *expected = story_of(text, len, (struct pieces){.next = whole});
    bool same;

    for (size_t i = 0; i < len && i < 8; i++)
        random.seed ^= (uint64_t)bytes[i] << 8 * i;
    same = same_story(text, len, expected, (struct pieces){.next = byte_by_byte}) &&
           same_story(text, len, expected, random);
    free(expected);
    promised(same, "however it is cut, the story is the same");
    return 0;
}
