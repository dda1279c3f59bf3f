#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
errno_name(int error)
{
    const char *name = strerrorname_np(error);

    return name ? name : "E?";
}

void
complain(const char *call, const char *argument)
{
    int error = errno;

    fprintf(stderr, "%s: %s: %s (%s)%s%s\n", program_invocation_short_name, call, strerror(error),
            errno_name(error), argument ? ": " : "", argument ? argument : "");
}

_Noreturn void
fail(const char *call, const char *argument)
{
    complain(call, argument);
    exit(1);
}

int
check(int result, const char *call)
{
    if (result == -1)
        fail(call, NULL);
    return result;
}
