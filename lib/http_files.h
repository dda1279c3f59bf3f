/*
 * http_files.h - HTTP/1.1 over any connection: the files beneath a directory
 *
 * The protocol "http" of protocol.h, built on the parts beside it: http_parser reads the
 * requests, docroot opens the files, http knows the words. GET, HEAD and OPTIONS; kept-alive
 * connections and pipelining; If-None-Match and If-Modified-Since; Expect; a body is skipped,
 * wherever it ends. Range is ignored, as a server may (RFC 9110, section 14.2), and so are If-Match
 * and If-Unmodified-Since, which should not be (13.1): chapter 15 mends that. Chapter 08 opens it.
 */
#pragma once

#include "protocol.h"

extern const struct protocol http_protocol;

/* Set-up: serves the files beneath `directory`, not those beneath "."; ends the program if it
 * cannot. */
void http_files_root(const char *directory);
