/*
 * logic-log.h - who wants to hear of every answer
 */
#pragma once

#include <stddef.h>

/*
 * Called with each answer, as it begins, by whoever serves the peer: several at a time. Method and
 * target are "-" if the request was not understood; `bytes` are those of the body. NULL, as at
 * first: nobody wants to hear.
 */
extern void (*tell_answer)(const char *method, const char *target, size_t target_len, int status,
                           size_t bytes);
