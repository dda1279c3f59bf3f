/*
 * http.h - the vocabulary of HTTP: statuses, dates, types, and what a target means
 *
 * Words only: nothing here reads a request or writes an answer. Input is a pointer and a
 * length and needs no NUL at its end; output is bounded and has one. RFC 9110, except where
 * another is named. Chapter 03 opens all of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* "Not Found" for 404; "Unknown" for a number that has no phrase here. */
const char *http_reason(int status);

enum { HTTP_DATE = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and the NUL */

/*
 * Writes `when` as in the line above to `text`, which it returns. A time before the year 0 or
 * after 9999, as some files claim, becomes the nearest second that can be written so.
 */
char *http_date(time_t when, char text[HTTP_DATE]);

/*
 * Reads any of the three formats of section 5.6.7, with nothing before or after. False: it is
 * none of them, or no date ("31 Feb"); the sender's field is then to be ignored.
 */
bool http_parse_date(const char *text, size_t len, time_t *when);

/* "text/html; charset=utf-8" for "A.HTML"; "application/octet-stream" for what is not known. */
const char *http_type(const char *name, size_t len);

/*
 * What a target in origin-form ("/a/b?q") or absolute-form ("http://host/a/b?q") asks for, as a
 * path below the root: the query is left out, what is percent-encoded is decoded, once, and then
 * empty and dot segments are resolved. "/" gives "", "/a/./b//../" gives "a/"; a '+' stays one.
 * Returns 200; 400: another form, a %-triplet cut short or not a number, a byte that no target
 * has, %00, or a ".." that climbs above the root; 414: it does not fit into `size` bytes (on the
 * way it may need one more than in the end).
 */
int http_path(const char *target, size_t len, char *path, size_t size);

/*
 * Writes `path`, as http_path() gives it, as a target: "a b/" becomes "/a%20b/". It begins with
 * exactly one '/' and has nothing that could end a line. False: no room in `size` bytes.
 */
bool http_encode(const char *path, char *target, size_t size);
