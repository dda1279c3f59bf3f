#include "judge.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is the body as long as every Content-Length says? Without one, any length is right. */
static bool
is_whole(const char *head, uint64_t body)
{
    static const char name[] = "\r\nContent-Length:";

    for (const char *field = head; (field = strcasestr(field, name)) != NULL; field++) {
        const char *value = field + strlen(name);
        unsigned long long length;
        char *end;

        value += strspn(value, " \t");
        errno = 0;
        length = strtoull(value, &end, 10);
        end += strspn(end, " \t");
        if (!isdigit((unsigned char)*value) || errno != 0 || *end != '\r' || length != body)
            return false;
    }
    return true;
}

enum answer
judge(const struct plan *plan, struct head *head, uint64_t bytes)
{
    char *end;
    bool no_body;

    head->text[head->len] = '\0';
    if (bytes == 0)
        return NOTHING;
    if (strncmp(head->text, "HTTP/1.", 7) != 0 || head->len < 12 || head->text[8] != ' ' ||
        head->text[9] < '1' || head->text[9] > '5')
        return NO_STATUS;
    end = strstr(head->text, "\r\n\r\n");
    if (!end)
        return CUT; /* or more of a head than anybody needs */
    end[2] = '\0';  /* the fields, each with the end of the line before it */
    no_body = strcmp(plan->method, "HEAD") == 0 || strncmp(head->text + 9, "304", 3) == 0;
    if (!no_body && !is_whole(head->text, bytes - (uint64_t)(end + 4 - head->text)))
        return CUT;
    return CLASS_1 + (enum answer)(head->text[9] - '1');
}
