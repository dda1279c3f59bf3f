/* storage.c - the storage unit: the files of a directory */
#include "docroot.h"
#include "units.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct document {
    int fd;
};

static int root;

void
storage_begin(const char *directory)
{
    root = docroot(directory);
}

struct document *
storage_open(const char *path, size_t *size)
{
    struct document *d = malloc(sizeof *d);
    struct docroot_file file;

    if (!d || docroot_open(root, path, &file) != 200) {
        free(d);
        return NULL;
    }
    d->fd = file.fd;
    *size = (size_t)file.size;
    return d;
}

size_t
storage_read(struct document *d, void *to, size_t most)
{
    ssize_t n;

    do
        n = read(d->fd, to, most);
    while (n == -1 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

void
storage_close(struct document *d)
{
    close(d->fd);
    free(d);
}
