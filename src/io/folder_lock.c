/* SPDX-License-Identifier: MIT */
/* Advisory locks on folders and files, by flock. */
#include "io/folder_lock.h"

#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often the folder may be removed under our hands. */
#define ATTEMPTS 8

/* 0: locked; EWOULDBLOCK: another has; else why the file system cannot. */
static int lock_open(int fd)
{
    int result;
    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

/* Whether the folder that was locked is still the one of that name: the owner before may have
 * removed it meanwhile. */
static bool is_still_there(int fd, const char *path)
{
    struct planche_file_info mine, named;
    return planche_fd_info(fd, &mine) &&
           planche_file_find_link(path, &named) == PLANCHE_FILE_PRESENT &&
           planche_file_is_same(&mine, &named);
}

/* Where anybody may write (/tmp), anybody may have made the folder and put things into it. */
static bool is_private(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
           !(info.st_mode & (S_IWGRP | S_IWOTH));
}

/* Another's folder must not be changed. Some file systems have owners and modes of their own: what
 * was made just now is ours. FAILED with ENOENT: it was removed meanwhile. */
static enum planche_folder_lock_result lock_folder(int fd, const char *path, bool made)
{
    int reason = lock_open(fd);
    if (!made && !is_private(fd))
        return PLANCHE_FOLDER_LOCK_UNTRUSTED;
    if (reason == EWOULDBLOCK)
        return PLANCHE_FOLDER_LOCK_BUSY;
    if (!is_still_there(fd, path)) {
        errno = ENOENT;
        return PLANCHE_FOLDER_LOCK_FAILED;
    }
    errno = reason;
    return reason ? PLANCHE_FOLDER_LOCK_UNKNOWN : PLANCHE_FOLDER_LOCK_TAKEN;
}

static enum planche_folder_lock_result open_folder(struct planche_folder_lock *lock,
                                                   const char *path, bool made)
{
    lock->fd = planche_fd_open(path, PLANCHE_FD_FOLDER | PLANCHE_FD_NO_LINK, NULL);
    if (lock->fd < 0)
        return PLANCHE_FOLDER_LOCK_FAILED;
    enum planche_folder_lock_result result = lock_folder(lock->fd, path, made);
    int reason = errno;
    if (result != PLANCHE_FOLDER_LOCK_TAKEN && result != PLANCHE_FOLDER_LOCK_UNKNOWN)
        planche_folder_lock_release(lock);
    errno = reason;
    return result;
}

enum planche_folder_lock_result planche_folder_lock_take_existing(struct planche_folder_lock *lock,
                                                                  const char *path)
{
    return open_folder(lock, path, false);
}

enum planche_folder_lock_result planche_folder_lock_take(struct planche_folder_lock *lock,
                                                         const char *path)
{
    enum planche_folder_lock_result result = PLANCHE_FOLDER_LOCK_FAILED;
    lock->fd = -1;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        bool made = planche_folder_make(path, 0700);
        if (!made && errno != EEXIST)
            return PLANCHE_FOLDER_LOCK_FAILED;
        result = open_folder(lock, path, made);
        if (result != PLANCHE_FOLDER_LOCK_FAILED || errno != ENOENT)
            return result;
    }
    return result;
}

enum planche_folder_lock_result planche_file_lock_take(struct planche_folder_lock *lock,
                                                       const char *path)
{
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock->fd < 0)
        return PLANCHE_FOLDER_LOCK_FAILED;
    int reason = lock_open(lock->fd);
    if (reason == 0)
        return PLANCHE_FOLDER_LOCK_TAKEN;
    planche_folder_lock_release(lock);
    errno = reason;
    return reason == EWOULDBLOCK ? PLANCHE_FOLDER_LOCK_BUSY : PLANCHE_FOLDER_LOCK_FAILED;
}

void planche_folder_lock_release(struct planche_folder_lock *lock)
{
    planche_fd_close(&lock->fd);
}
