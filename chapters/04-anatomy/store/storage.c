#include "storage.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct entry {
    char name[NAME_MOST + 1];
    char value[VALUE_MOST + 1];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards both: */
static struct entry entries[NAMES_MOST + 1];             /* in the order of their names */
static size_t count;

/* The caller holds the lock. Where `name` is, or would be; *found says which. */
static struct entry *
look_up(const char *name, bool *found)
{
    size_t i = 0;
    int order = 1;

    while (i < count && (order = strcmp(entries[i].name, name)) < 0)
        i++;
    *found = i < count && order == 0;
    return &entries[i];
}

/* The caller holds the lock. All from `entry` on move by one place, up or down. */
static void
move_rest(struct entry *entry, int places)
{
    struct entry *from = places > 0 ? entry : entry + 1;

    memmove(from + places, from, (size_t)(entries + count - from) * sizeof *entry);
    count = places > 0 ? count + 1 : count - 1;
}

bool
storage_set(const char *name, const char *value)
{
    struct entry *entry;
    bool found, room;

    pthread_mutex_lock(&lock);
    entry = look_up(name, &found);
    room = found || count < NAMES_MOST;
    if (!found && room) {
        move_rest(entry, +1);
        strcpy(entry->name, name);
    }
    if (room)
        strcpy(entry->value, value);
    pthread_mutex_unlock(&lock);
    return room;
}

bool
storage_get(const char *name, char value[VALUE_MOST + 1])
{
    const struct entry *entry;
    bool found;

    pthread_mutex_lock(&lock);
    entry = look_up(name, &found);
    if (found)
        strcpy(value, entry->value); /* a copy: outside the lock it may change at any moment */
    pthread_mutex_unlock(&lock);
    return found;
}

bool
storage_delete(const char *name)
{
    struct entry *entry;
    bool found;

    pthread_mutex_lock(&lock);
    entry = look_up(name, &found);
    if (found)
        move_rest(entry, -1);
    pthread_mutex_unlock(&lock);
    return found;
}

void
storage_list(char names[NAMES_MOST * (NAME_MOST + 1) + 1])
{
    char *end = names;

    *end = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        end += sprintf(end, " %s", entries[i].name);
    pthread_mutex_unlock(&lock);
}
