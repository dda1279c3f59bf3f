/*
 * net.h - addresses, listeners, peers, and the way a server stops
 *
 * Set-up calls end the program with a one-line message (error.h). Calls that concern a
 * peer return what happened. Chapter 00 opens all of it; the way to stop is explained in
 * chapter 01, "Stopping".
 */
#pragma once

#include "io.h"

#include <sys/socket.h>

/* Long enough for "[" an IPv6 address with its zone "]:65535". */
enum { ADDRESS_TEXT = 80 };

/*
 * A listener bound to `address` (name or number, IPv4 or IPv6) and `port`, with
 * SO_REUSEADDR and the longest backlog. Raises the soft descriptor limit to the hard one.
 */
int tcp_listen(const char *address, const char *port);

/* A connection to the first address of `host` that answers; waits as long as the kernel does. */
int tcp_connect(const char *host, const char *port);

/* Prints "listening on ADDRESS:PORT" on stdout and flushes it. */
void announce(int listener);

/* Writes `addr` as "127.0.0.1:8000" or "[::1]:8000" to `text`, which it returns. */
char *address_text(const struct sockaddr *addr, socklen_t len, char text[ADDRESS_TEXT]);

/*
 * From now on SIGTERM and SIGINT shut `listener` down for reading, and with it every peer
 * that came from it: a blocked accept() fails with EINVAL, in every thread and process
 * that shares the listener, and a blocked read() returns 0, so the program runs to its
 * end by itself. What is owed is still sent; a peer that has not taken it a second later
 * is cut off, and one that goes on sending may lose it: closing a socket with unread bytes
 * resets the connection and throws away its send queue. SIGPIPE is ignored. Only the calls
 * of signal-safety(7) are used.
 */
void stop_on_signals(int listener);

/*
 * For those who accept by other means than the two below (chapter 06): stop_on_signals() is to know
 * `peer`, too. To be called before anybody waits for it.
 */
void remember_peer(int peer);

/*
 * Takes one connection from `listener`. IO_DATA: *peer is a new descriptor, the caller's
 * to close. IO_NOT_YET: none is waiting (nonblocking listener), or the process is out of
 * descriptors or memory; then it has slept 10 ms, so that trying again is not a busy loop.
 * IO_END: the program is to stop. A connection that failed before it was accepted is
 * passed over. See accept(2), "Error handling".
 */
enum io_result accept_peer(int listener, int *peer);

/* Waits for the next peer and returns it; -1 when the program is to stop. */
int next_peer(int listener);
