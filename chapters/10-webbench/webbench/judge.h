/*
 * judge.h - what an answer was, told from its beginning and its length
 */
#pragma once

#include "plan.h"

#include <stddef.h>

/* The beginning of an answer: its head, and perhaps some of its body. */
struct head {
    char text[8192];
    size_t len; /* below the size, so that there is room for a NUL */
};

/* The answer had so many bytes in all, and then came the end. */
enum answer judge(const struct plan *plan, struct head *head, uint64_t bytes);
