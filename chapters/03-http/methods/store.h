/*
 * store.h - the storage unit of this server: resources in memory, each with a name and a content
 *
 * Bounded: the number of resources, the length of names and contents. It knows nothing of HTTP.
 */
#pragma once

#include <stddef.h>
#include <time.h>

enum { MOST_RESOURCES = 64, MOST_NAME = 256, MOST_TYPE = 128, MOST_CONTENT = 65536 };

struct resource {
    char name[MOST_NAME]; /* "notes/monday"; "" is a free place */
    char type[MOST_TYPE];
    char content[MOST_CONTENT];
    size_t len;
    time_t modified;
};

enum stored {
    STORE_NEW,
    STORE_REPLACED,
    STORE_FULL,     /* no place is free, or something is too long */
    STORE_CONFLICT, /* a name is either a folder or a resource: "a/b" forbids "a", and "a" "a/b" */
};

/* NULL if there is none. It is the store's, and good until the next change. */
const struct resource *store_find(const char *name);

/* Copies the content; the name must not be "". */
enum stored store_put(const char *name, const char *type, const char *content, size_t len);

/* Puts it under a name that has not been used: "1", "2", …; *put becomes the new resource. */
enum stored store_add(const char *type, const char *content, size_t len,
                      const struct resource **put);

/* Does nothing if there is no such resource. */
void store_delete(const char *name);

/* The resource at place `i`, from 0 to MOST_RESOURCES - 1; NULL if that is free. */
const struct resource *store_at(size_t i);
