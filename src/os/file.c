/* SPDX-License-Identifier: MIT */
/* Files and folders by their names, POSIX. */
#include "os/file.h"

#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool planche_file_remove(const char *path)
{
    return unlink(path) == 0;
}

bool planche_file_remove_at(int folder, const char *name)
{
    return unlinkat(folder, name, 0) == 0;
}

bool planche_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

bool planche_file_rename_at(int from_folder, const char *from, int to_folder, const char *to)
{
    return renameat(from_folder, from, to_folder, to) == 0;
}

bool planche_file_link_at(const char *path, int to_folder, const char *to)
{
    return linkat(AT_FDCWD, path, to_folder, to, 0) == 0;
}

/* Also where the file system does not know RENAME_NOREPLACE: by a second link, or where it knows no
 * links either, by looking first. */
bool planche_file_rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (link(from, to) == 0) {
        unlink(from);
        return true;
    }
    if (errno == EEXIST)
        return false;
    enum planche_file_state there = planche_file_find_link(to, NULL);
    if (there == PLANCHE_FILE_PRESENT)
        errno = EEXIST;
    return there == PLANCHE_FILE_ABSENT && rename(from, to) == 0;
}

/* errno stays as it is. */
static bool is_folder(const char *path)
{
    struct stat info;
    int reason = errno;
    bool is = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    errno = reason;
    return is;
}

bool planche_folder_make(const char *path, unsigned mode)
{
    if (mkdir(path, (mode_t)mode) == 0)
        return true;
    if (errno != ENOENT || !planche_file_has_folder(path))
        return false;
    if (mkdir(path, (mode_t)mode) == 0) /* the parent was made meanwhile */
        return true;
    if (errno == ENOENT)
        errno = EACCES;
    return false;
}

bool planche_folder_make_at(int folder, const char *name, unsigned mode)
{
    return mkdirat(folder, name, (mode_t)mode) == 0;
}

bool planche_folder_make_parents(const char *path, unsigned mode)
{
    char folder[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);
        if (length == 0)
            continue;
        if (length >= sizeof folder) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(folder, path, length);
        folder[length] = 0;
        if (!planche_folder_make(folder, mode) && errno != EEXIST && !is_folder(folder))
            return false;
    }
    return true;
}

bool planche_folder_make_whole(const char *path, unsigned mode)
{
    return planche_folder_make_parents(path, mode) &&
           (planche_folder_make(path, mode) || errno == EEXIST);
}

bool planche_folder_remove(const char *path)
{
    return rmdir(path) == 0;
}

void planche_folder_sync_parent(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof folder)
        return;
    if (length > 0) {
        memcpy(folder, path, length);
        folder[length] = 0;
    }
    int fd = planche_fd_open(folder, PLANCHE_FD_FOLDER, NULL);
    if (fd >= 0)
        fsync(fd);
    planche_fd_close(&fd);
}

bool planche_listing_open(struct planche_listing *listing, const char *path)
{
    listing->stream = opendir(path);
    return listing->stream != NULL;
}

bool planche_listing_open_fd(struct planche_listing *listing, int folder)
{
    int copy = planche_fd_duplicate(folder);
    listing->stream = copy < 0 ? NULL : fdopendir(copy);
    if (listing->stream) {
        rewinddir(listing->stream);
        return true;
    }
    int reason = errno;
    planche_fd_close(&copy);
    errno = reason;
    return false;
}

const char *planche_listing_next(struct planche_listing *listing)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing->stream);
        if (!entry)
            return NULL;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    }
}

void planche_listing_close(struct planche_listing *listing)
{
    if (listing->stream)
        closedir(listing->stream);
    listing->stream = NULL;
}
