/* SPDX-License-Identifier: MIT */
/* Library roots. Paths are resolved by openat2, which no change of a link meanwhile can lead out of
 * the root. Where the kernel lacks it (before 5.6, or in a container that forbids it), parts are
 * opened one by one, and links are refused altogether. */
#include "books/library.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define HAS_OPENAT2 1
#else
#define HAS_OPENAT2 0
#endif

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

enum planche_status planche_library_add(struct planche_library *library, const char *path,
                                        struct planche_error *error)
{
    if (library->count == PLANCHE_LIBRARY_ROOTS)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "there are at most %d library roots",
                            PLANCHE_LIBRARY_ROOTS);
    int fd = planche_fd_open(path, PLANCHE_FD_FOLDER, NULL);
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: this library root cannot be opened: %s",
                            path, strerror(errno));
    library->roots[library->count++] = fd;
    return PLANCHE_OK;
}

/* Opening a folder says of a link that it is no folder. */
static int problem_of(int folder, const char *part, int problem)
{
    struct planche_file_info info;
    bool link = problem == ENOTDIR &&
                planche_file_find_link_at(folder, part, &info) == PLANCHE_FILE_PRESENT &&
                info.kind == PLANCHE_FILE_LINK;
    return link ? ELOOP : problem;
}

/* One part after the other; fails with EXDEV at what would lead out, ELOOP at links. */
static int walk(int root, const char *path)
{
    char part[PLANCHE_LIBRARY_PATH];
    int fd = planche_fd_duplicate(root);
    while (fd >= 0 && *path) {
        size_t length = strcspn(path, "/");
        memcpy(part, path, length);
        part[length] = 0;
        path += length + strspn(path + length, "/");
        if (length == 0 || strcmp(part, ".") == 0)
            continue;
        bool leaves = strcmp(part, "..") == 0;
        int next = leaves ? -1 : openat(fd, part, FLAGS | O_NOFOLLOW | (*path ? O_DIRECTORY : 0));
        int problem = leaves ? EXDEV : next < 0 ? problem_of(fd, part, errno) : 0;
        close(fd);
        fd = next;
        errno = problem;
    }
    return fd;
}

static int open_below(int root, const char *path)
{
#if HAS_OPENAT2
    const struct open_how how = {.flags = FLAGS,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd;
    do
        fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)fd;
#endif
    return walk(root, path);
}

enum planche_library_found planche_library_open(const struct planche_library *library,
                                                const char *path, int *fd,
                                                struct planche_file_info *info)
{
    enum planche_library_found found = PLANCHE_LIBRARY_ABSENT;
    *fd = -1;
    if (*path == '/' || strlen(path) >= PLANCHE_LIBRARY_PATH)
        return PLANCHE_LIBRARY_OUTSIDE;
    for (unsigned i = 0; i < library->count && found == PLANCHE_LIBRARY_ABSENT; i++) {
        *fd = open_below(library->roots[i], path);
        if (*fd >= 0)
            found = PLANCHE_LIBRARY_FOUND;
        else if (errno == EXDEV || errno == ELOOP)
            found = PLANCHE_LIBRARY_OUTSIDE;
        else if (!planche_file_is_absent(errno))
            found = PLANCHE_LIBRARY_REFUSED;
    }
    if (*fd >= 0 && (!planche_fd_info(*fd, info) ||
                     (info->kind != PLANCHE_FILE_REGULAR && info->kind != PLANCHE_FILE_FOLDER))) {
        found = PLANCHE_LIBRARY_REFUSED;
        planche_fd_close(fd);
    }
    return found;
}

void planche_library_close(struct planche_library *library)
{
    for (unsigned i = 0; i < library->count; i++)
        planche_fd_close(&library->roots[i]);
    library->count = 0;
}
