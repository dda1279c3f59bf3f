#include "answer.h"

#include "docroot.h"
#include "error.h"
#include "http.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int root;
static FILE *lines;

void
answer_root(const char *directory)
{
    root = docroot(directory);
}

void
answer_log(const char *file)
{
    lines = fopen(file, "ae");
    if (!lines)
        fail("open", file);
}

void
answer_log_flush(void)
{
    if (lines)
        fflush(lines);
}

static void
begin(const struct request *r, int status, const char *type, off_t len, struct buffer *out)
{
    char date[HTTP_DATE];
    bool head = strcmp(r->method, "HEAD") == 0;

    if (lines && status != 400 && status != 408 && status != 414 && status != 431)
        fprintf(lines, "%s %.*s %d %lld\n", r->method, (int)r->target_len, r->target, status,
                head ? 0 : (long long)len);
    else if (lines)
        fprintf(lines, "- - %d %lld\n", status, (long long)len);
    buffer_print(out,
                 "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %lld\r\n%s%s",
                 status, http_reason(status), http_date(time(NULL), date), type, (long long)len,
                 status == 405 ? "Allow: GET, HEAD\r\n" : "",
                 !r->goes_on     ? "Connection: close\r\n"
                 : r->minor == 0 ? "Connection: keep-alive\r\n"
                                 : "");
}

void
answer_status(const struct request *r, int status, struct buffer *out)
{
    const char *reason = http_reason(status);

    begin(r, status, "text/plain", (off_t)strlen(reason) + 1, out);
    if (strcmp(r->method, "HEAD") == 0)
        buffer_print(out, "\r\n");
    else
        buffer_print(out, "\r\n%s\n", reason);
}

static bool
is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0)
        words++;
    return *words;
}

static int
find(const struct request *r, struct docroot_file *file)
{
    static const char *const ours[] = {"GET", "HEAD", NULL};
    static const char *const known[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE", NULL};
    char path[MOST_LINE];
    int status;

    if (!is_one_of(r->method, ours))
        return is_one_of(r->method, known) ? 405 : 501;
    status = http_path(r->target, r->target_len, path, sizeof path);
    if (status == 200)
        status = docroot_open(root, path, file);
    return status == 301 ? 404 : status; /* "/sub" is not "/sub/" */
}

void
answer(const struct request *r, struct buffer *out, struct sending *file)
{
    struct docroot_file found;
    int status = find(r, &found);

    if (status != 200) {
        answer_status(r, status, out);
        return;
    }
    begin(r, status, found.type, found.size, out);
    buffer_append(out, "\r\n", 2);
    *file = (struct sending){found.fd, found.size};
    if (strcmp(r->method, "HEAD") == 0)
        file->left = 0;
}

bool
send_more(struct sending *file, struct buffer *out)
{
    ssize_t n;

    while (file->left > 0 && buffer_room(out) > 0) {
        n = read(file->fd, buffer_space(out),
                 (size_t)file->left < buffer_room(out) ? (size_t)file->left : buffer_room(out));
        if (n <= 0)
            return false;
        buffer_added(out, (size_t)n);
        file->left -= n;
    }
    if (file->left == 0) {
        close(file->fd);
        file->fd = -1;
    }
    return true;
}
