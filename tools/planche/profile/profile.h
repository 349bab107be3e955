/* SPDX-License-Identifier: MIT */
/* Profiles: which models pages run through, in TOML, and what else is to be done with them. What
 * comes out is the text of a choice, which is a model's name like any other. */
#ifndef PLANCHE_PROFILE_PROFILE_H
#define PLANCHE_PROFILE_PROFILE_H

#include "toml/tree.h"

#include <planche/planche.h>

struct planche_profile {
    char *model;    /* to be freed with planche_profile_free */
    unsigned scale; /* 0: not said, as are the next two */
    uint32_t width, height;
};

/* Whether there is a model of a name, or a file of that path. */
struct planche_profile_names {
    bool (*is_known)(void *user, const char *name);
    void *user;
};

/* Reads a table: the whole of a file, or one of the configuration's. path names the file in errors;
 * files of models are looked for beside it, other models by names; NULL: not at all. Errors:
 * ARGUMENT ("mine.toml:3: ..."), MEMORY. */
enum planche_status planche_profile_take(struct planche_profile *profile,
                                         const struct planche_toml *table, const char *path,
                                         const struct planche_profile_names *names,
                                         struct planche_error *error);
/* Looks whether all tables of [profiles] in a configuration are profiles. Errors: ARGUMENT, MEMORY.
 */
enum planche_status planche_profile_check(const struct planche_toml *tables, const char *path,
                                          struct planche_error *error);
/* Reads a file of its own. Errors: those, and IO. */
enum planche_status planche_profile_read(struct planche_profile *profile, const char *path,
                                         const struct planche_profile_names *names,
                                         struct planche_error *error);
/* Makes one for the files of MangaJaNai in a folder: those for grey pages by the page's height,
 * with the black and white point first, those of IllustrationJaNai for pages in colour, "auto" if
 * there is none. scale: 0 is 2. Errors: NOT_FOUND: none is there; ARGUMENT: no text can have the
 * folder's name; IO: it cannot be read; MEMORY. */
enum planche_status planche_profile_make_mangajanai(struct planche_profile *profile,
                                                    const char *folder, unsigned scale,
                                                    struct planche_error *error);
void planche_profile_free(struct planche_profile *profile);

#endif
