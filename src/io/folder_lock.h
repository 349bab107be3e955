/* SPDX-License-Identifier: MIT */
/* Advisory locks: a private work folder, or a file, that one process at a time may use.
 *
 * A lock ends with its process, however that ends, so there are no stale ones. The owner of a
 * folder may remove it while it holds the lock: who waits for the same name then makes a new one.
 */
#ifndef PLANCHE_IO_FOLDER_LOCK_H
#define PLANCHE_IO_FOLDER_LOCK_H

#include <stdbool.h>

/* What is locked. Zero-initialise by PLANCHE_FOLDER_LOCK_NONE. */
struct planche_folder_lock {
    int fd; /* the open folder or file; -1: none is locked */
};
#define PLANCHE_FOLDER_LOCK_NONE                                                                   \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

enum planche_folder_lock_result {
    PLANCHE_FOLDER_LOCK_TAKEN,     /* it is ours */
    PLANCHE_FOLDER_LOCK_UNKNOWN,   /* the folder is open; its file system has no locks to respect */
    PLANCHE_FOLDER_LOCK_BUSY,      /* another process, or part of this one, holds it */
    PLANCHE_FOLDER_LOCK_UNTRUSTED, /* another user owns the folder or may write into it */
    PLANCHE_FOLDER_LOCK_FAILED,    /* errno says why */
};

/* Locks the folder of that name, without waiting; makes it, for this user only, if it is missing.
 * Links are not followed. A file system that keeps no owners or modes decides who else may write
 * there: what counts is whether a folder made now would be any more private. */
enum planche_folder_lock_result planche_folder_lock_take(struct planche_folder_lock *lock,
                                                         const char *path);
/* The same of a folder that is there: errno is ENOENT if it is not. */
enum planche_folder_lock_result planche_folder_lock_take_existing(struct planche_folder_lock *lock,
                                                                  const char *path);
/* Locks a file, which is made if it is missing and stays. TAKEN, BUSY or FAILED. */
enum planche_folder_lock_result planche_file_lock_take(struct planche_folder_lock *lock,
                                                       const char *path);
/* Whether nobody but this user can write into a folder that is open, by the rule above. */
bool planche_folder_is_private(int fd, const char *path);
/* Also if nothing is locked. */
void planche_folder_lock_release(struct planche_folder_lock *lock);

#endif
