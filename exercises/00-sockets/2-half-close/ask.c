/*
 * ask.c - ask() sends a question and reads the answer of a server that waits for its end
 *
 * Run:    make, then build/half-close at-the-end (gdb --args build/half-close at-the-end)
 * Test:   make test
 * Book:   00-sockets, "How a connection ends"
 */
#include "io.h"

#include <sys/socket.h>
#include <unistd.h>

enum io_result ask(int server, const void *question, size_t len, void *answer, size_t room,
                   size_t *got);

/*
 * Sends `question`, lets the server know that this was all, and reads its answer, up to the
 * end or until `room` bytes have come. *got says how many did, however it ends:
 *
 * IO_END:    the server has ended: the answer is complete.
 * IO_DATA:   `room` bytes have come; there may be more.
 * IO_FAILED: the connection is broken; errno says how.
 *
 * `server` stays open: it is the caller's.
 */
enum io_result
ask(int server, const void *question, size_t len, void *answer, size_t room, size_t *got)
{
    ssize_t n;

    *got = 0;
    if (write_all(server, question, len) != IO_DATA)
        return IO_FAILED;
    /* TODO: how does the server learn that this was all? And one read() is not an answer. */
    n = read(server, answer, room);
    *got = n > 0 ? (size_t)n : 0;
    return io_result(n);
}
