/* SPDX-License-Identifier: MIT */
/* Licences beside models that are imported: what is kept of the files that may tell one. */
#ifndef PLANCHE_MODEL_IMPORT_LICENCE_H
#define PLANCHE_MODEL_IMPORT_LICENCE_H

#include "base/alloc.h"

#include <planche/error.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a file of this name and with these bytes tells a licence: of JSON a string "license" or
 * "licence", of a text of the model's own name a licence that is known by its words, of one that is
 * called a licence any text. What is not, may be anything of the machine's, and is not kept.
 * Error: MEMORY. */
enum planche_status planche_import_tells_licence(bool *tells, const char *name, const char *data,
                                                 size_t size, struct planche_budget *budget,
                                                 struct planche_error *error);

#endif
