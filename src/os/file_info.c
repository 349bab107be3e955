/* SPDX-License-Identifier: MIT */
/* File information: POSIX. */
#include "os/file_info.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

bool planche_file_is_absent(int reason)
{
    return reason == ENOENT || reason == ENOTDIR;
}

bool planche_file_has_folder(const char *path)
{
    char folder[PATH_MAX];
    struct stat info;
    size_t length = strlen(path);
    const int reason = errno;
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    bool has = length + 1 < sizeof folder;
    if (has) {
        snprintf(folder, sizeof folder, "%.*s.", (int)length, path);
        has = stat(folder, &info) == 0 && S_ISDIR(info.st_mode);
    }
    errno = reason;
    return has;
}

const char *planche_file_why_unmade(const char *path, int reason, bool *no_folder)
{
    *no_folder = reason == ENOENT && !planche_file_has_folder(path);
    if (*no_folder)
        return "there is no such folder to write into";
    return reason == ENOENT ? "its file system takes no files" : strerror(reason);
}

bool planche_file_is_same(const struct planche_file_info *a, const struct planche_file_info *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static enum planche_file_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode))
        return PLANCHE_FILE_REGULAR;
    if (S_ISDIR(mode))
        return PLANCHE_FILE_FOLDER;
    return S_ISLNK(mode) ? PLANCHE_FILE_LINK : PLANCHE_FILE_OTHER;
}

static void fill_info(struct planche_file_info *info, const struct stat *status)
{
    *info = (struct planche_file_info){.kind = kind_of(status->st_mode),
                                       .size = status->st_size > 0 ? (uint64_t)status->st_size : 0,
                                       .mtime = status->st_mtim,
                                       .device = (uint64_t)status->st_dev,
                                       .inode = (uint64_t)status->st_ino,
                                       .names = (uint64_t)status->st_nlink};
}

bool planche_fd_info(int fd, struct planche_file_info *info)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    fill_info(info, &status);
    return true;
}

static enum planche_file_state state_of(int folder, const char *name, int how,
                                        struct planche_file_info *info)
{
    struct stat status;
    if (fstatat(folder, name, &status, how) == 0) {
        if (info)
            fill_info(info, &status);
        return PLANCHE_FILE_PRESENT;
    }
    return planche_file_is_absent(errno) ? PLANCHE_FILE_ABSENT : PLANCHE_FILE_UNKNOWN;
}

enum planche_file_state planche_file_find(const char *path, struct planche_file_info *info)
{
    return state_of(AT_FDCWD, path, 0, info);
}

enum planche_file_state planche_file_find_link(const char *path, struct planche_file_info *info)
{
    return state_of(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, info);
}

enum planche_file_state planche_file_find_link_at(int folder, const char *name,
                                                  struct planche_file_info *info)
{
    return state_of(folder, name, AT_SYMLINK_NOFOLLOW, info);
}

bool planche_file_system_free(const char *path, uint64_t *bytes)
{
    struct statvfs info;
    if (statvfs(path, &info) != 0)
        return false;
    uint64_t blocks = info.f_bavail, size = info.f_frsize;
    *bytes = size && blocks > UINT64_MAX / size ? UINT64_MAX : blocks * size;
    return true;
}
