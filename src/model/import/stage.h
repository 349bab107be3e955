/* SPDX-License-Identifier: MIT */
/* Staging area of an import: files of models out of an archive, a folder or a file, copied beside
 * the models' folder and hashed, before any of them appears under a name of its own. */
#ifndef PLANCHE_MODEL_IMPORT_STAGE_H
#define PLANCHE_MODEL_IMPORT_STAGE_H

#include "base/alloc.h"
#include "base/cancel.h"

#include <planche/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Name of the list of sums in a pack, as sha256sum writes and checks it. */
#define PLANCHE_IMPORT_SUMS "SHA256SUMS"
/* Its bytes at most. */
#define PLANCHE_IMPORT_SUMS_BYTES ((size_t)1 << 20)
/* "0123...": of a file, with the 0 at the end. */
#define PLANCHE_IMPORT_HEX 65

struct planche_import_file {
    char *name;       /* in the source */
    char *path;       /* of the copy */
    const char *base; /* of name, behind its last slash */
    uint64_t size;
    char sha256[PLANCHE_IMPORT_HEX];
    bool model;   /* a loader knows it: it is a model, or the first of a model's two files */
    bool used;    /* it is of a model that was found */
    bool licence; /* by its name it may tell the licence of a model beside it */
};

/* Files that may tell a licence, and bytes of one, at most: what is beyond is passed over. */
#define PLANCHE_IMPORT_LICENCES      256u
#define PLANCHE_IMPORT_LICENCE_BYTES ((size_t)64 << 10)

struct planche_import_stage {
    const char *source;                        /* path, for messages */
    const char *directory;                     /* of models */
    const struct planche_cancel_token *cancel; /* NULL: it is not cancelled */
    struct planche_budget *budget;
    bool package; /* the source is a package of npm, which may have any files besides */
    char *folder; /* the staging area; NULL: there is none yet */
    struct planche_import_file *files;
    size_t count, licences; /* of them, that may tell a licence */
    char **passed;          /* names of files that are of no model, and were not staged */
    size_t passed_count, passed_room;
    uint8_t *buffer;
};

/* The next bytes of what is being staged; *got 0: its end. */
typedef enum planche_status (*planche_import_read_fn)(void *user, void *data, size_t size,
                                                      size_t *got, struct planche_error *error);

/* Copies everything in stage->source (an archive, a folder, a model's file with the one beside it)
 * that may belong to a model. Errors: NOT_FOUND, IO, DATA, UNSUPPORTED, LIMIT, MEMORY, CANCELLED.
 */
enum planche_status planche_import_read(struct planche_import_stage *stage, uint64_t max_bytes,
                                        struct planche_error *error);
/* Copies what read gives, if it may belong to a model. */
enum planche_status planche_import_stage_add(struct planche_import_stage *stage, const char *name,
                                             planche_import_read_fn read, void *user,
                                             struct planche_error *error);
/* Fails with the reason that a file of the source cannot be used; a source that is the file itself
 * is named once. */
enum planche_status planche_import_refuse(const struct planche_import_stage *stage,
                                          const char *name, enum planche_status status,
                                          const char *reason, struct planche_error *error);
/* Removes the staging area. */
void planche_import_stage_free(struct planche_import_stage *stage);

#endif
