/*
 * frame-machine.c - shows the frame machine at work: every byte, and the state it leads to
 *
 * Shows:  the machine of lib/frame.c counts instead of looking: a byte means what its place says it
 *         means, and every sequence of bytes is a valid one. It can only end too early.
 * Run:    printf '\x02\0\0\0\7\0\5hello\x03\0\0\0\7\0\0' | build/08-fsm/frame-machine
 * Watch:  a frame that says 64 (\100 in place of \5) and brings 5: it swallows the next one.
 * Breaks: to believe the length before the data has come: bad-trusts-length.c.
 * Book:   08-fsm, "A machine for frames"
 */
#include "args.h"
#include "error.h"
#include "frame.h"
#include "trail.h"

#include <inttypes.h>

static const char *const commands[] = {"waste",
                                       "SYN",
                                       "PSH",
                                       "FIN",
                                       "settings",
                                       "alert",
                                       "padding",
                                       "SYNACK",
                                       "heartbeat ask",
                                       "heartbeat say",
                                       "settings of the server"};

static struct frame_parser parser;
static struct trail trail = {.name = frame_state_name};

static void
tell(FILE *news, enum frame_event event)
{
    switch (event) {
    case FRAME_HEAD:
        fprintf(news, "FRAME_HEAD: command %d (%s), stream %" PRIu32 ", %d bytes of data\n",
                parser.command,
                parser.command < sizeof commands / sizeof commands[0] ? commands[parser.command]
                                                                      : "none of ours",
                parser.stream, parser.len);
        break;
    case FRAME_END:
        fprintf(news, "FRAME_END: the frame is complete\n");
        break;
    case FRAME_DATA: /* a byte of it: it can be seen above */
    case FRAME_MORE:
        break;
    }
}

int
main(int argc, char **argv)
{
    enum frame_event event;
    uint8_t byte;
    char *text;
    size_t text_len, used, len;
    FILE *news;

    parse_args(argc, argv, NULL, "");
    news = open_memstream(&text, &text_len);
    if (!news)
        fail("open_memstream", NULL);
    frame_parser_start(&parser);
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        len = 1;
        do {
            event = frame_parse(&parser, &byte, len, &used);
            tell(news, event);
            len -= used;
        } while (event != FRAME_MORE);
        trail_add(&trail, byte, parser.state);
    }
    if (frame_in_frame(&parser))
        fprintf(news, "the input ended in the middle of a frame\n");
    fclose(news);
    trail_draw(&trail);
    fputs(text, stdout);
    free(text);
    return frame_in_frame(&parser);
}
