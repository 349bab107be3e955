/* SPDX-License-Identifier: MIT */
/* Model options: model, scale and denoise level checked against the catalogue. */
#ifndef PLANCHE_CLI_MODEL_OPTIONS_H
#define PLANCHE_CLI_MODEL_OPTIONS_H

#include <planche/planche.h>
#include <stdbool.h>

/* What the library takes when no model is named. */
#define PLANCHE_CLI_DEFAULT_MODEL "auto"
/* What `planche models fetch` fetches when no model is named. */
#define PLANCHE_CLI_FETCHED_MODEL "realcugan"

/* True for the path of a model file, false for a catalogue name. NULL is the default model. */
bool planche_cli_model_is_path(const char *model);
/* The level that -n NUMBER means for a model: -1 is Real-CUGAN's conservative file, or no noise
 * removal where the model has a noise level 0 of its own (waifu2x). */
enum planche_denoise planche_cli_denoise(const char *model, int level);
/* The number for -n that selects a variant; false for a model without levels. */
bool planche_cli_level(const struct planche_model_variant *variant, int *level);
/* The network that a name stands for ("auto"); other names are their own. NULL: the default. */
const char *planche_cli_model_name(const char *model);
/* Whether the library contains a model; NULL is the default model. */
bool planche_cli_model_is_built_in(const char *model);
/* Sets options->denoise, and options->level for a level between two, from level
 * (PLANCHE_CLI_NO_LEVEL: the default), checks model, scale and level against the catalogue and puts
 * its defaults in their place. *scale is the scale of the
 * result, 0 if only the model file knows. */
enum planche_status planche_cli_choose(struct planche_engine_options *options, double level,
                                       unsigned *scale, struct planche_error *error);
/* The same for a command line, on which the file of a model that does not exist is a mistake, too.
 * Errors: NOT_FOUND, besides. */
enum planche_status planche_cli_choose_typed(struct planche_engine_options *options, double level,
                                             unsigned *scale, struct planche_error *error);

/* As many pages as any engine with these options has in flight, at most PLANCHE_CLI_MAX_JOBS. */
unsigned planche_cli_count_jobs(const struct planche_engine_options *options);

#endif
