/* SPDX-License-Identifier: MIT */
/* Path traversal (zip slip): names of entries are made plain, and refused when they could leave the
 * target. Natural sort order, and sets of names. */
#ifndef PLANCHE_ARCHIVE_NAME_H
#define PLANCHE_ARCHIVE_NAME_H

#include "base/alloc.h"

/* Names are at most so long, and so many folders deep. */
#define PLANCHE_ENTRY_NAME_BYTES  4096
#define PLANCHE_ENTRY_NAME_LEVELS 32

/* Makes a name (UTF-8, terminated) plain: no "./", no "//", no '/' at the end; with backslashes,
 * these are '/' as well. What makes it absolute is left out, as unzip and 7-Zip do: slashes and
 * drive letters at its beginning; *stripped tells. NULL, and out (PLANCHE_ENTRY_NAME_BYTES + 1) has
 * it, empty if it is the archive's own root; or why it is not safe. */
const char *planche_name_plain(const char *name, bool backslashes, char *out, bool *stripped);

/* Most bytes that planche_name_number adds. */
#define PLANCHE_NAME_NUMBER_BYTES 15
/* "a/001.jpg" and 2 make "a/001 (2).jpg". */
void planche_name_number(const char *name, unsigned number, char *out);

/* Natural sort order, as people count: page2 comes before page10. Never 0 for different names. */
int planche_name_compare(const char *a, const char *b);

/* Whether a file name is that of something Planche works on: ".NAME.planche", or a temporary file's
 * with a number of 16 digits behind it. */
bool planche_name_is_work(const char *name);

/* Hash set of the names that an archive has had, with the folders they lie in: finds duplicates in
 * memory that does not grow with the length of names. Zero is empty. For one thread at a time. */
struct planche_name_set {
    struct planche_budget *budget;
    uint64_t *slots; /* hashes, 0: free; bit 0 says folder */
    size_t room, count;
    uint64_t seed;
};

enum planche_name_found {
    PLANCHE_NAME_NEW,
    PLANCHE_NAME_AGAIN,   /* a folder that is there already: fine */
    PLANCHE_NAME_TAKEN,   /* a file, and another has this name */
    PLANCHE_NAME_CLASH,   /* a file that was a folder, or the other way round */
    PLANCHE_NAME_IN_FILE, /* one of the folders it lies in is a file */
    PLANCHE_NAME_NO_MEMORY
};
/* Adds a plain name. */
enum planche_name_found planche_name_set_add(struct planche_name_set *set, const char *name,
                                             bool folder);
/* Whether a file of this plain name was added. */
bool planche_name_set_has_file(const struct planche_name_set *set, const char *name);
void planche_name_set_free(struct planche_name_set *set);

#endif
