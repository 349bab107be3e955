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

/* Fills the facts of a model's file, as far as they are known even if it cannot be used. Errors: as
 * planche_model_load, and UNSUPPORTED for channels that no page has. */
enum planche_status planche_model_describe(const char *path, struct planche_model_facts *facts,
                                           struct planche_budget *budget,
                                           struct planche_error *error);

/* That a network is for pages of colour or of grey. Error: UNSUPPORTED. */
enum planche_status planche_model_check_channels(const struct planche_net *net, const char *name,
                                                 struct planche_error *error);

/* Whether a model's file has a second one beside it: .bin. */
bool planche_model_has_partner(const char *path);

/* Whether a name is the path of a file that some loader reads, by its extension. */
bool planche_model_is_path(const char *name);
/* The same of the first characters of one. */
bool planche_model_starts_with_path(const char *name, size_t length);

#endif
