/* SPDX-License-Identifier: MIT */
/* Model loader: from the bytes of a model's files to a network that backends run. */
#ifndef PLANCHE_MODEL_LOAD_H
#define PLANCHE_MODEL_LOAD_H

#include "model/file.h"
#include "net/net.h"

#include <planche/model.h>

/* Loads and lowers. variant (may be NULL) supplies the recipe; without it the recipe is derived
 * from the graph's shapes and blob names. Errors: NOT_FOUND, IO, MODEL (names file, line and
 * layer), UNSUPPORTED, MEMORY, BUDGET. */
enum planche_status planche_model_load(struct planche_net **out,
                                       const struct planche_model_source *source,
                                       const struct planche_model_variant *variant,
                                       struct planche_budget *budget, struct planche_error *error);

/* Whether a name is the path of a file that some loader reads, by its extension. */
bool planche_model_is_path(const char *name);

#endif
