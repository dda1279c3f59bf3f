/*
 * signals.h - two ways to make signals readable from a descriptor
 *
 * Both are opened once, with the signals that are wanted, before there are other threads; what
 * they return is nonblocking, and for poll(). Both tell the next signal that has come, or 0 when
 * there is none now. A signal that comes twice before it is read may be told once.
 */
#pragma once

#include <signal.h>

/* The kernel keeps the signals, blocked, until they are read: see signalfd(2). */
int open_signalfd(const sigset_t *wanted);
int next_from_signalfd(int fd);

/* A handler writes them into a pipe: D. J. Bernstein's self-pipe, for every Unix. */
int open_self_pipe(const sigset_t *wanted);
int next_from_self_pipe(int fd);
