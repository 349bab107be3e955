/* SPDX-License-Identifier: MIT */
/* Files and folders by their names: renaming, removing, making, listing.
 *
 * What fails sets errno, whose text (strerror) is for messages. All calls are thread-safe but for
 * those on one open listing. */
#ifndef PLANCHE_OS_FILE_H
#define PLANCHE_OS_FILE_H

#include <stdbool.h>

/* Not of folders. False, like all that follow: it failed. */
bool planche_file_remove(const char *path);
bool planche_file_remove_at(int folder, const char *name);
/* Takes the place of a file of the new name, and an empty folder that of an empty folder. */
bool planche_file_rename(const char *from, const char *to);
/* The same unless there is something already: errno is EEXIST then. */
bool planche_file_rename_new(const char *from, const char *to);

/* The first for names in folders that are open. */
bool planche_file_rename_at(int from_folder, const char *from, int to_folder, const char *to);
/* Gives a file a second name, in a folder that is open. False also where the file system knows no
 * such, or the name is on another. */
bool planche_file_link_at(const char *path, int to_folder, const char *to);

/* mode is 0777 or 0700, less what the user's mask takes away. errno is EEXIST when the name is
 * taken, and EACCES, not ENOENT, where the folder is there in which none can be made (/proc). */
bool planche_folder_make(const char *path, unsigned mode);
bool planche_folder_make_at(int folder, const char *name, unsigned mode);
/* Makes those folders of a file's path that are missing. False: errno says why the first could not
 * be made; who tries on without it finds ENOENT only. */
bool planche_folder_make_parents(const char *path, unsigned mode);
/* Makes a folder and those above it that are missing. True as well where something, a folder or
 * not, has its name; errno is EEXIST then. */
bool planche_folder_make_whole(const char *path, unsigned mode);
/* An empty one. */
bool planche_folder_remove(const char *path);
/* Makes the names in the folder that a file lies in last. Nothing can be made of a failure: names
 * that are not on the disk yet are still right. */
void planche_folder_sync_parent(const char *path);

/* An open listing of a folder. */
struct planche_listing {
    void *stream; /* NULL: not open */
};

/* errno says why a folder cannot be listed. */
bool planche_listing_open(struct planche_listing *listing, const char *path);
/* Of an open folder, from its first name; the descriptor stays its owner's. */
bool planche_listing_open_fd(struct planche_listing *listing, int folder);
/* The next name but "." and "..", valid until the next call, in no order; NULL: that was all, errno
 * is 0, or it says what failed. */
const char *planche_listing_next(struct planche_listing *listing);
/* Also if it is not open. */
void planche_listing_close(struct planche_listing *listing);

#endif
