/*
 * proactor.h - a Proactor of our own: one thread reads and writes, workers are told what was done
 *
 * Whoever wants to read says into which buffer, and is called when the bytes are in it: by a
 * worker, which may think about them for as long as it likes. All calls of read() and write() are
 * made by the thread that is in proactor_run(), and it makes them only when there is something to
 * read, or room to write; so no thread ever waits for a single peer.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proactor; /* what is in it is your affair */

/*
 * Something to be done, and who is to be told. It lies in its owner's memory, and stays there, as
 * does the buffer, until `done` is called; then it is the owner's again, to use for the next
 * request, even from within `done`, or to give its memory back. `done` is the owner's to fill in.
 */
struct operation {
    /* Called once for each request, by a worker: how many bytes, or 0, or -errno; see below. */
    void (*done)(struct operation *o, ssize_t result);
    int fd; /* what was asked for last */
    char *buf;
    size_t len;
    struct operation *next; /* these three are yours, to use or to leave alone */
    size_t moved;
    uint32_t kind;
};

/* That many workers sleep until something is done. If there is no memory, the program ends. */
struct proactor *proactor_open(int workers);

/*
 * Two requests. They return at once, and may be called by any thread, even before proactor_run().
 * `fd` is nonblocking, and one that epoll can watch (a socket, a pipe; see epoll_ctl(2)); at any
 * time one request at most is under way for it. `len` is not 0.
 *
 * A read is done when something has been read, at most `len` bytes, with one call: the result is
 * their number; 0: the peer has ended; or -errno. A write is done when all `len` bytes are written,
 * however many calls that takes: the result is `len`; or -errno. EAGAIN and EINTR are no results.
 */
void proactor_read(struct proactor *p, struct operation *o, int fd, char *buf, size_t len);
void proactor_write(struct proactor *p, struct operation *o, int fd, const char *buf, size_t len);

/*
 * Reads and writes until proactor_stop(); sleeps while there is nothing to do. Called once, by one
 * thread. When it returns, every `done` that was begun has returned, and no more will come, not
 * even for what is still under way.
 */
void proactor_run(struct proactor *p);

/* Makes proactor_run() return. May be called by any thread, even from within `done`. */
void proactor_stop(struct proactor *p);

/* Frees it, when proactor_run() has returned. Descriptors and operations are their owners'. */
void proactor_free(struct proactor *p);
