/* SPDX-License-Identifier: MIT */
/* Checks of an import, before any file gets a name of its own. */
#ifndef PLANCHE_MODEL_IMPORT_CHECK_H
#define PLANCHE_MODEL_IMPORT_CHECK_H

#include "model/import/stage.h"

#include <planche/model.h>

/* The file with these bytes. NULL: there is none. */
struct planche_import_file *planche_import_find(const struct planche_import_stage *stage,
                                                const char *sha256, uint64_t size);
/* The file of this name that may tell a licence. NULL: there is none. */
const struct planche_import_file *
planche_import_find_licence(const struct planche_import_stage *stage, const char *name);
/* If there is a list of sums: that all files are in it, and as it says. Of what is of no model it
 * has to be there only. Errors: DATA, IO, MEMORY. */
enum planche_status planche_import_check_sums(struct planche_import_stage *stage,
                                              struct planche_error *error);
/* The second file of a model that is in no catalogue; NULL: it has none. Errors: NOT_FOUND, MEMORY.
 */
enum planche_status planche_import_find_partner(const struct planche_import_stage *stage,
                                                const struct planche_import_file *file,
                                                struct planche_import_file **partner,
                                                struct planche_error *error);
/* That a model which is in no catalogue can be loaded, and is not a damaged one of the catalogue.
 * Errors: those of planche_model_load. */
enum planche_status planche_import_check_model(const struct planche_import_stage *stage,
                                               const struct planche_import_file *file,
                                               const struct planche_import_file *partner,
                                               struct planche_error *error);

#endif
