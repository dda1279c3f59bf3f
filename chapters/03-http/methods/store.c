#include "store.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct resource places[MOST_RESOURCES];

const struct resource *
store_at(size_t i)
{
    return *places[i].name ? &places[i] : NULL;
}

static struct resource *
find(const char *name)
{
    for (size_t i = 0; i < MOST_RESOURCES; i++)
        if (strcmp(places[i].name, name) == 0)
            return &places[i];
    return NULL;
}

const struct resource *
store_find(const char *name)
{
    return *name ? find(name) : NULL;
}

/* "a" and "a/b"? */
static bool
is_folder_of(const char *folder, const char *name)
{
    size_t len = strlen(folder);

    return len > 0 && strncmp(folder, name, len) == 0 && name[len] == '/';
}

enum stored
store_put(const char *name, const char *type, const char *content, size_t len)
{
    struct resource *place = find(name);
    enum stored stored = place ? STORE_REPLACED : STORE_NEW;

    if (strlen(name) >= MOST_NAME || strlen(type) >= MOST_TYPE || len > MOST_CONTENT)
        return STORE_FULL;
    for (size_t i = 0; i < MOST_RESOURCES; i++)
        if (is_folder_of(places[i].name, name) || is_folder_of(name, places[i].name))
            return STORE_CONFLICT;
    if (!place && !(place = find(""))) /* the name of a free place */
        return STORE_FULL;
    strcpy(place->name, name);
    strcpy(place->type, type);
    memcpy(place->content, content, len);
    place->len = len;
    place->modified = time(NULL);
    return stored;
}

enum stored
store_add(const char *type, const char *content, size_t len, const struct resource **put)
{
    static unsigned long last;
    enum stored stored;
    char name[24];

    do
        snprintf(name, sizeof name, "%lu", ++last);
    while (find(name));
    stored = store_put(name, type, content, len);
    *put = store_find(name);
    return stored;
}

void
store_delete(const char *name)
{
    struct resource *place = *name ? find(name) : NULL;

    if (place)
        *place->name = '\0';
}
