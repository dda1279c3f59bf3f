/*
 * storage.h - the storage unit: values by their names, in memory
 *
 * It knows of no protocol and of no connection. Any thread may call it at any time: it guards
 * itself, so that no other unit has to know that there are threads at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_MOST = 32,   /* bytes in a name, */
    VALUE_MOST = 200, /*   in a value, */
    NAMES_MOST = 100, /*   and names in all: memory is bounded by all three */
};

/* Both are strings, at most NAME_MOST and VALUE_MOST long. False: a new name, and no room. */
bool storage_set(const char *name, const char *value);

/* Copies the value of `name` to `value`. False: there is no such name. */
bool storage_get(const char *name, char value[VALUE_MOST + 1]);

/* False: there is no such name. */
bool storage_delete(const char *name);

/* Writes all names in order, each with a blank before it, to `names`: a string. */
void storage_list(char names[NAMES_MOST * (NAME_MOST + 1) + 1]);
