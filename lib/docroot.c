#include "docroot.h"

#include "error.h"
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: otherwise opening a FIFO would wait for a writer. See fifo(7). */
enum { HOW = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

int
docroot(const char *directory)
{
    int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root == -1)
        fail("open", directory);
    return root;
}

/* One part of a path, in the directory `at`, which is closed unless it is the root. */
static int
open_part(int root, int at, const char *name, int how)
{
    int fd = openat(at, name, how | O_NOFOLLOW | O_CLOEXEC), saved_errno = errno;

    if (at != root)
        close(at);
    errno = saved_errno;
    return fd;
}

/* "a/b/c": a from the root, b from a, c from b, and none of them may be a symbolic link. */
static int
open_by_parts(int root, char *path)
{
    int at = root;

    for (char *slash; at != -1 && (slash = strchr(path, '/')); path = slash + 1) {
        *slash = '\0';
        at = open_part(root, at, path, O_PATH | O_DIRECTORY);
    }
    return at == -1 ? -1 : open_part(root, at, path, HOW);
}

/* `path` may be cut into pieces. */
static int
open_beneath(int root, char *path)
{
    struct open_how how = {.flags = HOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd;

    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    while (fd == -1 && errno == EINTR);
    /* ENOSYS: a kernel before 5.6; EPERM: a sandbox that does not know the call. */
    if (fd == -1 && (errno == ENOSYS || errno == EPERM))
        return open_by_parts(root, path);
    return (int)fd;
}

static int
status_of_errno(void)
{
    switch (errno) {
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EWOULDBLOCK: /* with O_NONBLOCK: somebody has a lease on the file, see fcntl(2) */
        return 503;
    case EIO:
        return 500;
    default: /* ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EXDEV, ENXIO for a socket, … */
        return 404;
    }
}

static bool
has_hidden_part(const char *path)
{
    return *path == '.' || strstr(path, "/.");
}

int
docroot_open(int root, const char *path, struct docroot_file *file)
{
    char name[4096]; /* PATH_MAX: no file has a longer one */
    size_t len = strlen(path);
    struct stat status;
    int result;

    file->fd = -1;
    if (has_hidden_part(path) || *path == '/')
        return 404;
    if (len + sizeof "index.html" > sizeof name)
        return 404;
    snprintf(name, sizeof name, "%s%s", path, len == 0 || path[len - 1] == '/' ? "index.html" : "");
    file->type = http_type(name, strlen(name));
    file->fd = open_beneath(root, name);
    if (file->fd == -1)
        return status_of_errno();
    if (fstat(file->fd, &status) == -1)
        result = 500;
    else if (S_ISREG(status.st_mode))
        result = 200;
    else
        result = S_ISDIR(status.st_mode) && len > 0 && path[len - 1] != '/' ? 301 : 404;
    if (result != 200) {
        close(file->fd);
        file->fd = -1;
        return result;
    }
    file->size = status.st_size;
    file->modified = status.st_mtim.tv_sec;
    file->modified_ns = status.st_mtim.tv_nsec;
    return 200;
}
