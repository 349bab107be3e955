/* SPDX-License-Identifier: MIT */
/* Advisory locks on folders and files, by flock. */
#include "io/folder_lock.h"

#include "os/fd.h"
#include "os/file.h"
#include "os/system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often the folder may be removed under our hands. */
#define ATTEMPTS 8

/* Whether the folder that was locked is still the one of that name: the owner before may have
 * removed it meanwhile. False: errno is ENOENT, or says why that cannot be told. */
static bool is_still_there(int fd, const char *path)
{
    struct planche_file_info mine, named;
    if (!planche_fd_info(fd, &mine))
        return false;
    enum planche_file_state state = planche_file_find_link(path, &named);
    if (state == PLANCHE_FILE_PRESENT && planche_file_is_same(&mine, &named))
        return true;
    if (state != PLANCHE_FILE_UNKNOWN)
        errno = ENOENT;
    return false;
}

/* Bytes of a probe's name behind that of the folder, with the 0 at its end. */
#define PROBE_BYTES 18

/* What a folder is like that this user makes, for itself alone, beside path. False: there can be
 * none. Its name is that of a temporary file, so one that is left is removed as such. */
static bool probe(const char *path, struct stat *info)
{
    char name[PATH_MAX + PROBE_BYTES];
    uint64_t number;
    if (!planche_system_random(&number, sizeof number))
        return false;
    int length = snprintf(name, sizeof name, "%s-%016" PRIx64, path, number);
    if (length < 0 || (size_t)length >= sizeof name || mkdir(name, 0700) != 0)
        return false;
    bool known = lstat(name, info) == 0;
    rmdir(name);
    return known;
}

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* Where anybody may write (/tmp), anybody may have made the folder and put things into it. Some
 * file systems (FAT, NTFS, SMB, a share that maps users) have owners and modes of their own: there
 * a folder is trusted that is as private as any that this user can make. Who may write into it may
 * then replace the results as well. */
bool planche_folder_is_private(int fd, const char *path)
{
    struct stat info, own;
    if (fstat(fd, &info) != 0)
        return false;
    if (info.st_uid == geteuid() && !(info.st_mode & OTHERS_WRITE))
        return true;
    if (!probe(path, &own))
        return false;
    bool fixed = own.st_uid != geteuid() || (own.st_mode & OTHERS_WRITE);
    return fixed && info.st_uid == own.st_uid && !(info.st_mode & OTHERS_WRITE & ~own.st_mode);
}

/* Another's folder must not be changed. What was made just now is ours. FAILED with ENOENT: it was
 * removed meanwhile. */
static enum planche_folder_lock_result lock_folder(int fd, const char *path, bool made)
{
    int reason = planche_fd_lock(fd);
    if (!made && !planche_folder_is_private(fd, path))
        return PLANCHE_FOLDER_LOCK_UNTRUSTED;
    if (reason == EWOULDBLOCK)
        return PLANCHE_FOLDER_LOCK_BUSY;
    if (!is_still_there(fd, path))
        return PLANCHE_FOLDER_LOCK_FAILED;
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
    int reason = planche_fd_lock(lock->fd);
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
