/* SPDX-License-Identifier: MIT */
/* Files of a cache: where they lie, folders, times, and what is said of trouble with them.
 *
 * FOLDER/ab/cdef...     entries, by their keys
 * FOLDER/tmp/NUMBER     entries that are being written, locked by their writers
 * FOLDER/busy/abcdef... keys that are computed now, locked by who does
 * FOLDER/lock           locked by who removes entries
 */
#ifndef PLANCHE_CACHE_FILES_H
#define PLANCHE_CACHE_FILES_H

#include "cache/state.h"

#include <sys/stat.h>

/* Folders of entries. */
#define PLANCHE_CACHE_FOLDERS 256
/* Bytes of the name of an entry that is being written: 16 digits and the 0 at its end. */
#define PLANCHE_CACHE_TEMPORARY_TEXT 17

/* ns since 1970, which may step. */
int64_t planche_cache_now(void);
int64_t planche_cache_time(struct timespec time);

/* Paths: of an entry, of one of the folders of entries, and of what else lies in the cache. */
void planche_cache_entry_path(const struct planche_cache *cache,
                              const struct planche_cache_key *key, char path[PLANCHE_CACHE_PATH]);
void planche_cache_folder_path(const struct planche_cache *cache, unsigned number,
                               char path[PLANCHE_CACHE_PATH]);
void planche_cache_path_of(const struct planche_cache *cache, const char *folder, const char *name,
                           char path[PLANCHE_CACHE_PATH]);
/* The key of an entry by the folder and the name; false: it is not the name of one. */
bool planche_cache_key_of(unsigned folder, const char *name, struct planche_cache_key *key);

/* What to do about a folder that fails for this reason, for the end of a message; "": nothing. */
const char *planche_cache_advice(int reason);
/* Makes the folders that are missing, but for those of entries, for this user only. False: errno
 * says why not. */
bool planche_cache_make_folders(const struct planche_cache *cache);
/* Opens an entry without waiting or following links. -1: errno says why not. */
int planche_cache_open_entry(const char *path, struct stat *info);

/* Whether an open file is one that a cache has written (planche_cache_head_is_ours). key: of its
 * name, or NULL. unread: what is said of one that cannot be read. */
bool planche_cache_is_ours(int fd, const struct planche_cache_key *key, bool unread);

/* Counts an error and says it, if it was not said within a minute. */
__attribute__((format(printf, 3, 4))) void planche_cache_complain(struct planche_cache *cache,
                                                                  enum planche_cache_trouble about,
                                                                  const char *format, ...);

#endif
