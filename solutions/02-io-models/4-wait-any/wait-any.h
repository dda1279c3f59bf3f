/*
 * wait-any.h - which of these descriptors can be read first?
 */
#pragma once

#include <stddef.h>

/*
 * Sleeps until one of the `n` descriptors in `fds` can be read without sleeping, for `ms`
 * milliseconds at most; 0: only looks; -1: for as long as it takes. Returns its index in
 * `fds`; the lowest one if there are several. The end of a connection, and an error, can be
 * read, too. A negative number in `fds` is passed over. A signal neither ends the wait nor
 * makes it longer. Nothing is read, and all descriptors stay as they are.
 *
 * Returns -1 if there is none to tell of; errno is then
 *   ETIMEDOUT  the time is up, and it is not a moment too early
 *   EBADF      one of them is not open, whatever the others have to say
 *   another    the system has refused something (ENOMEM, EMFILE)
 */
int wait_any(const int *fds, size_t n, int ms);
