/*
 * show.h - how a step on the way, and a part of a message, looks on the screen
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* From now on tell() tells; before that it says nothing. */
void begin_to_tell(void);

/* A step on the way, in a line with the time that has passed since begin_to_tell(). */
__attribute__((format(printf, 2, 3))) void tell(const char *step, const char *format, ...);

/*
 * A whole head, line by line with the names of its parts: a request on the left, an answer on the
 * right. What cannot be seen is made visible, and what is too long for the screen is cut.
 */
void show_head(bool left, const char *head, size_t len);

/* The first lines of the body of an answer. */
void show_body(const char *body, size_t len);
