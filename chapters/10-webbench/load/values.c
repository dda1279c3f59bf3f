#include "values.h"

#include "args.h"
#include "clock.h"
#include "error.h"
#include "io.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void
refuse(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(2);
}

int
visible(const char *text)
{
    int len = 0;

    while (isprint((unsigned char)text[len]))
        len++;
    return len;
}

double
parse_fraction(const char *text, double least, double most, const char *what)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= least && value <= most))
        refuse("%s must be a number from %g to %g, not '%s'", what, least, most, text);
    return value;
}

int64_t
parse_seconds(const char *text, double least)
{
    return (int64_t)(parse_fraction(text, least, 86400, "SECONDS") * NS_PER_SECOND);
}

void
parse_status(const char *text, struct plan *plan)
{
    if (strlen(text) == 3 && *text >= '1' && *text <= '5' && strcmp(text + 1, "xx") == 0) {
        plan->least_status = (*text - '0') * 100;
        plan->most_status = plan->least_status + 99;
    } else {
        plan->least_status = (int)parse_number(text, 100, MOST_STATUS, "STATUS");
        plan->most_status = plan->least_status;
    }
}

/* What stands in a header or a method goes out as it is: nothing in it may end its line. */
static bool
is_one_line(const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            return false;
    return true;
}

const char *
parse_header(const char *text)
{
    const char *colon = strchr(text, ':');

    if (!colon || colon == text || strcspn(text, " \t") < (size_t)(colon - text) ||
        !is_one_line(text))
        refuse("a header is 'Name: value', not '%.*s'", visible(text), text);
    return text;
}

const char *
parse_method(const char *text)
{
    if (!*text || strpbrk(text, " \t") || !is_one_line(text))
        refuse("METHOD must be one word, not '%.*s'", visible(text), text);
    if (strcmp(text, "CONNECT") == 0)
        refuse("after CONNECT there is no HTTP any more");
    return text;
}

void
read_body(const char *text, struct plan *plan)
{
    struct stat status;
    size_t got;
    char *body;
    int fd;

    plan->body = text;
    plan->body_len = strlen(text);
    if (*text != '@')
        return;
    fd = open(text + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for who writes a FIFO */
    if (fd == -1 || fstat(fd, &status) == -1) {
        complain("open", text + 1);
        exit(2);
    }
    if (!S_ISREG(status.st_mode) || status.st_size > MOST_BYTES)
        refuse("a body is a file of at most %d bytes, not '%s'", MOST_BYTES, text + 1);
    plan->body_len = (size_t)status.st_size;
    plan->body = body = malloc(plan->body_len + 1);
    if (!body || read_exactly(fd, body, plan->body_len, &got) != IO_DATA)
        fail("read", text + 1);
    close(fd);
}
