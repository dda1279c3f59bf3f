/*
 * error.h - the one-line message with which a program of the book gives up
 *
 * Set-up calls end the program: they are wrapped in check(), and what they say on
 * failure is one line with the call, the text, the errno name and the argument:
 *
 *     reactor: bind: Address already in use (EADDRINUSE): 127.0.0.1:8000
 *
 * Calls on a connection are never checked this way; they return what happened (io.h).
 */
#pragma once

/* Returns `result` unless it is -1; then reports `call` with errno and exits with status 1. */
int check(int result, const char *call);

/* Reports `call` with errno, and with `argument` unless it is NULL; exits with status 1. */
_Noreturn void fail(const char *call, const char *argument);

/* The same line as fail() prints, on stderr, but the program goes on. */
void complain(const char *call, const char *argument);

/* "ECONNRESET" for ECONNRESET; "E?" for a number that is not an errno. See strerrorname_np(3). */
const char *errno_name(int error);
