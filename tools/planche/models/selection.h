/* SPDX-License-Identifier: MIT */
/* Selection of models by their names: MODEL[:SCALE[:DENOISE]]. */
#ifndef PLANCHE_MODELS_SELECTION_H
#define PLANCHE_MODELS_SELECTION_H

#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>

/* For each variant of the catalogue whether it is selected: by `all`, by one of the names, or, if
 * there are none, by `preset` (NULL: names are needed). The caller frees it. NULL: a message was
 * printed, and *status is the exit status. */
bool *planche_cli_select_models(int count, char *const *names, bool all, const char *preset,
                                int *status);

/* The folder of the models by options and environment. False: likewise. */
bool planche_cli_model_folder(const struct planche_cli_options *options, char *folder, size_t size,
                              int *status);

/* What fetching, importing and packing begin with: their options, the first of the names behind
 * them, and the folder. False: likewise. */
bool planche_cli_models_begin(int argc, char **argv, struct planche_cli_options *options,
                              int *first, char *folder, size_t size, int *status);

/* Whether all operands are there, files or folders. Else PLANCHE_CLI_USAGE; a message was printed.
 */
int planche_cli_models_are_there(int count, char *const *operands);

#endif
