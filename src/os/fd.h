/* SPDX-License-Identifier: MIT */
/* File descriptors: opening, reading, writing.
 *
 * Every call goes on when a signal interrupts it. What fails sets errno, whose text (strerror) is
 * for messages. Descriptors are not inherited by other programs. The calls are thread-safe; two
 * threads may read one descriptor with planche_fd_read_at only. */
#ifndef PLANCHE_OS_FD_H
#define PLANCHE_OS_FD_H

#include "os/file_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How to open; may be combined. */
enum planche_fd_flags {
    PLANCHE_FD_NO_LINK = 1, /* not if the last part of the name is a symbolic link */
    PLANCHE_FD_FOLDER = 2,  /* only a folder */
};

/* Opens for reading whatever the caller names, and says what it is. Never waits: a pipe that nobody
 * writes to is opened too, to be refused by its kind. info may be NULL. -1: errno says why not. */
int planche_fd_open(const char *path, unsigned flags, struct planche_file_info *info);
/* The same for a name in a folder that is open. */
int planche_fd_open_at(int folder, const char *name, unsigned flags,
                       struct planche_file_info *info);
/* True if what is open lies in a folder that is open, or below it: where the system says that both
 * are now. False also if it does not say. */
bool planche_fd_is_below(int fd, int folder);
/* Creates a file for writing; mode is 0666 or 0600, less what the user's mask takes away. -1: errno
 * says why not, EEXIST when the name is taken, if only by a link. */
int planche_fd_create(const char *path, unsigned mode);
int planche_fd_create_at(int folder, const char *name, unsigned mode);
/* The same, but a file, or a link, of that name is removed first: by other names that it may have,
 * it keeps what it holds. */
int planche_fd_create_anew(const char *path, unsigned mode);
/* Creates a file in a folder that has no name yet, and is gone when the process ends before it has
 * one. -1: where the system or the file system does not know such. */
int planche_fd_create_nameless(const char *folder, unsigned mode);
/* Gives it a name. False: errno says why not, EEXIST when the name is taken. */
bool planche_fd_name(int fd, const char *path);
/* Another descriptor of the same open file: they share the position. -1: errno says why not. */
int planche_fd_duplicate(int fd);
/* Locks what is open without waiting. 0; EWOULDBLOCK: another descriptor has it; else why there is
 * no lock, as in errno. */
int planche_fd_lock(int fd);
/* Closes *fd if it is not -1, and makes it -1. False: errno says why what was written may not be
 * there. */
bool planche_fd_close(int *fd);

/* One read: as many bytes as there are now, at least one. 0: the end; -1: errno says why. */
int64_t planche_fd_read(int fd, void *data, size_t size);
/* Reads on until size bytes are there or the file ends, from where the descriptor stands or from an
 * offset of a file. Returns how many there were; -1: errno says why. */
int64_t planche_fd_read_all(int fd, void *data, size_t size);
int64_t planche_fd_read_at(int fd, void *data, size_t size, uint64_t offset);
/* Why less was read than was there before, of what these returned. For messages. */
const char *planche_fd_short_reason(int64_t got);
/* Back to the first byte. False: errno says why. */
bool planche_fd_rewind(int fd);

/* Writes all of data where the descriptor stands, or, of a file, at an offset. False: errno says
 * why not, ENOSPC where the system says nothing but takes nothing. */
bool planche_fd_write(int fd, const void *data, size_t size);
bool planche_fd_write_at(int fd, const void *data, size_t size, uint64_t offset);
/* Whether a file has the size of what was written to it. False: errno says why not, EIO where it
 * has another. */
bool planche_fd_has_size(int fd, uint64_t size);
/* The file's time of change, in seconds since 1970. False: the file system cannot keep it. */
bool planche_fd_set_mtime(int fd, int64_t mtime);
/* Gives a file or folder the owner, group and mode of another, as far as the user may. */
void planche_fd_take_mode(int fd, int like);
/* Whether there is nothing to read from a pipe and its other end is open. */
bool planche_fd_is_quiet(int fd);
/* Waits until a file is on the disk, or everything that its file system has yet to write. True also
 * where the file system does not know how. False: errno says why. */
bool planche_fd_sync(int fd);
/* Begins to write a part of a file to the disk; size 0: all from the offset on. Nothing is waited
 * for and nothing promised: it makes a later sync shorter. */
void planche_fd_begin_sync(int fd, uint64_t offset, uint64_t size);
/* Waits for what is being written of a file. False: errno says why a part of it, now or before,
 * could not be written. Nothing that was not begun is written, and no disk is asked to empty its
 * cache, so of a file that was written long ago it takes microseconds. */
bool planche_fd_end_sync(int fd);
bool planche_fd_sync_filesystem(int fd);

#endif
