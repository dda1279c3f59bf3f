/*
 * stage.h - what herd needs so that one thing happens after the other
 */
#pragma once

#include <stdbool.h>

/* Does this thread of ours wait for something in the kernel, at this moment? */
bool is_asleep(int tid);

/* Another listener for the port of the first one, by SO_REUSEPORT. See socket(7). */
int listen_too(int first);

/*
 * A peer comes, and its descriptor is returned. All who are called because of it have been called
 * by then: they are awake, or past that.
 */
int come(int listener);
