/*
 * store - a small store of values by name, in four units
 *
 * Shows:  what a server is made of. The I/O unit (io-*.c) accepts, receives and sends; the logic
 *         unit (logic.c) understands and answers; the storage unit (storage.c) keeps; and a
 *         request queue (lib/queue.c) lets them talk. Logic and storage are the same under each
 *         of three I/O units.
 * Run:    build/04-anatomy/store -p 8000
 *         build/04-anatomy/store -m blocking -p 8000
 * Watch:  build/00-sockets/tcp-client 127.0.0.1 8000, and type: set colour red, get colour, list.
 *         With -w 1 -q 2 -s 500 -v and five such clients, the queue is full.
 * Breaks: bad-unbounded-queue.c
 * Book:   04-anatomy, "Four units"
 */
#include "args.h"
#include "io-unit.h"
#include "logic.h"
#include "net.h"

#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
    const char *unit = "workers", *workers = "3", *room = "8", *ms = "0", *verbose = NULL;
    const struct own_option own[] = {
        {'m', "UNIT", "the I/O unit: blocking, poll or workers (workers)", &unit},
        {'w', "WORKERS", "threads for the logic unit (3)", &workers},
        {'q', "ROOM", "requests that the queue has room for (8)", &room},
        {'s', "MS", "how long the logic unit thinks about a request (0)", &ms},
        {'v', NULL, "tell when the queue is full", &verbose},
        {0}};
    struct server_args args = parse_server_args_and(argc, argv, own);
    size_t threads = (size_t)parse_number(workers, 1, 1000, "WORKERS");
    size_t places = (size_t)parse_number(room, 1, 1000000, "ROOM");

    think_for(parse_number(ms, 0, 60000, "MS"));
    if (strcmp(unit, "blocking") == 0)
        serve_blocking(tcp_listen(args.address, args.port));
    else if (strcmp(unit, "poll") == 0)
        serve_by_poll(tcp_listen(args.address, args.port));
    else if (strcmp(unit, "workers") == 0)
        serve_with_workers(tcp_listen(args.address, args.port), threads, places, verbose);
    else
        return fprintf(stderr, "store: UNIT must be blocking, poll or workers\n"), 2;
    return 0;
}
