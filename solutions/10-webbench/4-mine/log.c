#include "log.h"

#include "error.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MOST_LOG_LINE = 8192 + 100 };

static int log_fd = -1;

void
log_begin(const char *file)
{
    log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log_fd == -1)
        fail("open", file);
}

/* One write() with O_APPEND goes to the end of the file in one piece, whoever else writes; see
 * open(2). A full disk is no reason not to answer: the line is then missing. */
void
log_answer(const char *method, const char *target, size_t target_len, int status, size_t bytes)
{
    char line[MOST_LOG_LINE];
    int len = snprintf(line, sizeof line, "%s %.*s %d %zu\n", method, (int)target_len, target,
                       status, bytes);

    if (write(log_fd, line, (size_t)len) == -1)
        return;
}
