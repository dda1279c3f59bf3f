#include "commands.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool
is_name(const char *word)
{
    size_t len = word ? strlen(word) : 0;

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
            return false;
    return len >= 1 && len <= NAME_MOST;
}

static void
answer_set(const char *name, const char *value, struct buffer *out)
{
    if (!is_name(name) || !value)
        buffer_print(out, "error: set NAME VALUE\n");
    else if (strlen(value) > VALUE_MOST)
        buffer_print(out, "error: the value is too long\n");
    else if (storage_set(name, value))
        buffer_print(out, "ok\n");
    else
        buffer_print(out, "error: no room for another name\n");
}

static void
answer_get(const char *name, struct buffer *out)
{
    char value[VALUE_MOST + 1];

    if (storage_get(name, value))
        buffer_print(out, "value %s\n", value);
    else
        buffer_print(out, "none\n");
}

static void
answer_list(struct buffer *out)
{
    char names[NAMES_MOST * (NAME_MOST + 1) + 1];

    storage_list(names);
    buffer_print(out, "names%s\n", names);
}

static bool
is_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)bytes[i]))
            return false;
    return true;
}

/* `rest` is the line as a string; each strsep() ends a word with a 0 and goes on to the next. */
static void
answer_words(char *rest, struct buffer *out)
{
    const char *verb = strsep(&rest, " "), *name; /* `rest` is NULL when there is no more */

    if (strcmp(verb, "list") == 0 && !rest) {
        answer_list(out);
        return;
    }
    name = strsep(&rest, " ");
    if (strcmp(verb, "set") == 0)
        answer_set(name, rest, out);
    else if (strcmp(verb, "get") == 0 && is_name(name) && !rest)
        answer_get(name, out);
    else if (strcmp(verb, "delete") == 0 && is_name(name) && !rest)
        buffer_print(out, storage_delete(name) ? "ok\n" : "none\n");
    else
        buffer_print(out, "error: set NAME VALUE, get NAME, delete NAME, or list\n");
}

void
answer_line(char *line, size_t len, struct buffer *out)
{
    if (!is_text(line, len)) {
        buffer_print(out, "error: the line is no text\n");
    } else {
        line[len] = 0;
        answer_words(line, out);
    }
}
