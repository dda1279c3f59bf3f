/*
 * http.c - asks lib/http and lib/docroot, a question a line of standard input
 *
 * Run:    printf 'path /a/../b%%20c\ndate Sun, 06 Nov 1994 08:49:37 GMT\n' | build/tests/http
 *
 * reason 404 | date TEXT | write SECONDS | type NAME | path TARGET | room N TARGET (into N bytes) |
 * encode PATH | open PATH (beneath -d DIRECTORY). Each answer is a line. What is asked for lies at
 * the very end of its memory, without a NUL behind it, so that a sanitizer sees who reads on.
 */
#include "http.h"
#include "args.h"
#include "docroot.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int root;

static void
tell_path(const char *target, size_t len, size_t room)
{
    char *path = malloc(room);
    int status = path ? http_path(target, len, path, room) : 0;

    if (status == 200)
        printf("200 '%s'\n", path);
    else
        printf("%d\n", status);
    free(path);
}

static void
tell_open(const char *path)
{
    struct docroot_file file;
    int status = docroot_open(root, path, &file);

    printf("%d", status);
    if (status == 200) {
        printf(" %lld bytes, %s", (long long)file.size, file.type);
        close(file.fd);
    }
    putchar('\n');
}

/* `text` has no NUL at its end, `string` is the same with one. */
static void
answer(const char *question, const char *text, size_t len, const char *string)
{
    char *end, date[HTTP_DATE], target[8192];
    time_t when;

    if (strcmp(question, "reason") == 0) {
        puts(http_reason(atoi(string)));
    } else if (strcmp(question, "date") == 0) {
        if (http_parse_date(text, len, &when))
            printf("%lld\n", (long long)when);
        else
            puts("no date");
    } else if (strcmp(question, "write") == 0) {
        puts(http_date(atoll(string), date));
    } else if (strcmp(question, "type") == 0) {
        puts(http_type(text, len));
    } else if (strcmp(question, "path") == 0) {
        tell_path(text, len, 4096);
    } else if (strcmp(question, "room") == 0) {
        size_t room = strtoul(string, &end, 10);

        tell_path(text + (end + 1 - string), len - (size_t)(end + 1 - string), room);
    } else if (strcmp(question, "encode") == 0) {
        puts(http_encode(string, target, sizeof target) ? target : "no room");
    } else if (strcmp(question, "open") == 0) {
        tell_open(string);
    } else {
        fail("no such question", question);
    }
}

int
main(int argc, char **argv)
{
    const char *directory = ".";
    const struct own_option own[] = {{'d', "DIRECTORY", "the root (.)", &directory}, {0}};
    size_t size = 0, word, len;
    char *line = NULL, *text;
    ssize_t n;

    parse_args(argc, argv, own, "");
    root = docroot(directory);
    while ((n = getline(&line, &size, stdin)) > 0) {
        line[--n] = '\0'; /* the newline */
        word = strcspn(line, " ");
        line[word] = '\0';
        len = (size_t)n > word ? (size_t)n - word - 1 : 0;
        text = malloc(len + 1);
        if (!text)
            fail("malloc", NULL);
        memcpy(text + 1, line + word + 1, len);
        answer(line, text + 1, len, line + word + 1);
        free(text);
    }
    free(line);
    close(root);
    return 0;
}
