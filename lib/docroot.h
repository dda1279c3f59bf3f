/*
 * docroot.h - opens a file beneath a directory, and nothing else
 *
 * What may be had: regular files that are reached from the root without a symbolic link and
 * without a name that begins with a dot. The root itself may be a symbolic link. The kernel
 * watches over it (openat2(2), RESOLVE_BENEATH); where it has no such call, the parts of the
 * path are opened one by one (openat(2), O_NOFOLLOW), by the same rules. So it makes no difference
 * if somebody renames or links in the tree while a file is being opened.
 */
#pragma once

#include <sys/types.h>
#include <time.h>

/* Opens `directory` as a root; the descriptor is the caller's. Ends the program if it cannot. */
int docroot(const char *directory);

struct docroot_file {
    int fd;           /* to be closed by the caller; reads of it do not block */
    off_t size;       /* when it was opened: it may since have grown or shrunk */
    time_t modified;  /* as the file says; it may lie in the future */
    long modified_ns; /* the rest of it, less than a second */
    const char *type;
};

/*
 * Opens `path` (as http_path() gives it: "a/b.html", no leading slash, no dot segments) beneath
 * `root`; where it ends with a slash, or is "", the index.html there. Never waits, not even for
 * a FIFO. Returns a status: 200, and *file is set, else its fd is -1; 301: it is a directory
 * and `path` lacks the slash; 403: no permission; 404: nothing that may be had; 503: the process or
 * the system has no descriptor or memory left, or somebody has a lease on it; 500: the disk fails.
 */
int docroot_open(int root, const char *path, struct docroot_file *file);
