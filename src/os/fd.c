/* SPDX-License-Identifier: MIT */
/* File descriptors, POSIX. */
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gives back the descriptor with what it is; -1 if that cannot be asked. A pipe's reads wait again
 * for their writer. */
static int finish_open(int fd, struct planche_file_info *info)
{
    struct planche_file_info unwanted;
    if (fd < 0)
        return -1;
    if (planche_fd_info(fd, info ? info : &unwanted) && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

int planche_fd_open_at(int folder, const char *name, unsigned flags, struct planche_file_info *info)
{
    int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, fd;
    if (flags & PLANCHE_FD_NO_LINK)
        how |= O_NOFOLLOW;
    if (flags & PLANCHE_FD_FOLDER)
        how |= O_DIRECTORY;
    do
        fd = openat(folder, name, how);
    while (fd < 0 && errno == EINTR);
    return finish_open(fd, info);
}

int planche_fd_open(const char *path, unsigned flags, struct planche_file_info *info)
{
    return planche_fd_open_at(AT_FDCWD, path, flags, info);
}

/* Where a descriptor leads, in size bytes. 0: the system does not say, or it is longer. */
static size_t find_path(int fd, char *path, size_t size)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size);
    return length > 0 && (size_t)length < size && path[0] == '/' ? (size_t)length : 0;
}

bool planche_fd_is_below(int fd, int folder)
{
    char path[PATH_MAX], above[PATH_MAX];
    size_t length = find_path(fd, path, sizeof path);
    size_t prefix = find_path(folder, above, sizeof above);
    if (length == 0 || prefix == 0)
        return false;
    if (prefix == 1) /* "/" */
        prefix = 0;
    return length > prefix + 1 && path[prefix] == '/' && memcmp(path, above, prefix) == 0;
}

static int create(int folder, const char *name, int how, unsigned mode)
{
    int fd;
    do
        fd = openat(folder, name, how | O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int planche_fd_create(const char *path, unsigned mode)
{
    return create(AT_FDCWD, path, O_EXCL, mode);
}

int planche_fd_create_nameless(const char *folder, unsigned mode)
{
#ifdef O_TMPFILE
    int fd;
    do
        fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    /* Without /proc it could never have a name. */
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd >= 0 && access(link, F_OK) != 0)
        planche_fd_close(&fd);
    return fd;
#else
    (void)folder, (void)mode;
    errno = ENOTSUP;
    return -1;
#endif
}

bool planche_fd_name(int fd, const char *path)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

int planche_fd_create_at(int folder, const char *name, unsigned mode)
{
    return create(folder, name, O_EXCL, mode);
}

int planche_fd_create_anew(const char *path, unsigned mode)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return -1;
    return create(AT_FDCWD, path, O_EXCL, mode);
}

int planche_fd_duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

bool planche_fd_close(int *fd)
{
    int closed = *fd;
    *fd = -1;
    /* Linux has closed it even where it says EINTR. */
    return closed < 0 || close(closed) == 0 || errno == EINTR;
}

int64_t planche_fd_read(int fd, void *data, size_t size)
{
    ssize_t got;
    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got;
}

int64_t planche_fd_read_all(int fd, void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int64_t got = planche_fd_read(fd, (char *)data + done, size - done);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

int64_t planche_fd_read_at(int fd, void *data, size_t size, uint64_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

const char *planche_fd_short_reason(int64_t got)
{
    return got < 0 ? strerror(errno) : "it has become shorter";
}

bool planche_fd_rewind(int fd)
{
    return lseek(fd, 0, SEEK_SET) == 0;
}

/* Whether what write returned lets it go on; then *done counts it. */
static bool count(ssize_t put, size_t *done)
{
    if (put == 0)
        errno = ENOSPC;
    if (put > 0)
        *done += (size_t)put;
    return put > 0 || (put < 0 && errno == EINTR);
}

bool planche_fd_write(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    for (size_t done = 0; done < size;) {
        if (!count(write(fd, bytes + done, size - done), &done))
            return false;
    }
    return true;
}

bool planche_fd_write_at(int fd, const void *data, size_t size, uint64_t offset)
{
    const char *bytes = data;
    for (size_t done = 0; done < size;) {
        if (!count(pwrite(fd, bytes + done, size - done, (off_t)(offset + done)), &done))
            return false;
    }
    return true;
}

bool planche_fd_has_size(int fd, uint64_t size)
{
    struct planche_file_info info;
    if (!planche_fd_info(fd, &info))
        return false;
    errno = EIO;
    return info.size == size;
}

bool planche_fd_set_mtime(int fd, int64_t mtime)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)mtime}};
    return futimens(fd, times) == 0;
}

void planche_fd_take_mode(int fd, int like)
{
    struct stat info;
    if (fstat(like, &info) != 0)
        return;
    (void)!fchown(fd, info.st_uid, info.st_gid);
    (void)!fchmod(fd, info.st_mode & 07777);
}

bool planche_fd_sync(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;
}

void planche_fd_begin_sync(int fd, uint64_t offset, uint64_t size)
{
    (void)sync_file_range(fd, (off_t)offset, (off_t)size, SYNC_FILE_RANGE_WRITE);
}

bool planche_fd_end_sync(int fd)
{
    return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0 || errno == EINVAL ||
           errno == ENOSYS;
}

bool planche_fd_sync_filesystem(int fd)
{
    return syncfs(fd) == 0 || errno == EINVAL || errno == ENOSYS;
}

bool planche_fd_is_quiet(int fd)
{
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&pipe, 1, 0);
    while (ready < 0 && errno == EINTR);
    return fd >= 0 && ready == 0;
}

int planche_fd_lock(int fd)
{
    int result;
    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}
