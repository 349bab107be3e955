/* SPDX-License-Identifier: MIT */
/* File information: the kind, size, time and identity of a file.
 *
 * Thread-safe. What fails sets errno, whose text (strerror) is for messages. */
#ifndef PLANCHE_OS_FILE_INFO_H
#define PLANCHE_OS_FILE_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum planche_file_kind {
    PLANCHE_FILE_OTHER, /* a pipe, a socket, a device */
    PLANCHE_FILE_REGULAR,
    PLANCHE_FILE_FOLDER,
    PLANCHE_FILE_LINK, /* symbolic; only where links are not followed */
};

/* What the system knows of a file. Two files are the same if device and inode are. */
struct planche_file_info {
    enum planche_file_kind kind;
    uint64_t size; /* bytes */
    struct timespec mtime;
    uint64_t device, inode;
    uint64_t names; /* that it has: hard links */
};

/* Whether there is something of a name. */
enum planche_file_state {
    PLANCHE_FILE_PRESENT,
    PLANCHE_FILE_ABSENT,  /* for certain */
    PLANCHE_FILE_UNKNOWN, /* the system does not tell: no permission, a broken disk or network */
};

/* True of an errno that says that there is nothing of that name: ENOENT and ENOTDIR. */
bool planche_file_is_absent(int reason);

/* Whether the folder is there that a file or folder of this path lies in. errno stays as it is. */
bool planche_file_has_folder(const char *path);

/* Why no file could be made at path, in words, from the errno of the attempt. *no_folder: its
 * folder is not there; such a folder of /proc is, and takes no files. */
const char *planche_file_why_unmade(const char *path, int reason, bool *no_folder);

/* info is filled when something is present; it may be NULL. Else errno says why not. The first
 * follows symbolic links: then what a link leads to counts. */
enum planche_file_state planche_file_find(const char *path, struct planche_file_info *info);
enum planche_file_state planche_file_find_link(const char *path, struct planche_file_info *info);
/* The same for a name in a folder that is open. */
enum planche_file_state planche_file_find_link_at(int folder, const char *name,
                                                  struct planche_file_info *info);
/* True if both are the same file or folder. */
bool planche_file_is_same(const struct planche_file_info *a, const struct planche_file_info *b);
/* Of what is open. False: errno says why not. */
bool planche_fd_info(int fd, struct planche_file_info *info);

/* Bytes that the file system of an existing path has left for this user. False: not known. */
bool planche_file_system_free(const char *path, uint64_t *bytes);

#endif
