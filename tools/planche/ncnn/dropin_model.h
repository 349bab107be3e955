/* SPDX-License-Identifier: MIT */
/* Model lookup of drop-in mode. */
#ifndef PLANCHE_CLI_NCNN_DROPIN_MODEL_H
#define PLANCHE_CLI_NCNN_DROPIN_MODEL_H

#include "ncnn/dropin_options.h"

#include <planche/planche.h>
#include <stddef.h>

/* Sets the model of *engine to what the options mean. program is argv[0]; path (size bytes) may
 * hold what engine->model points to afterwards. Errors: NOT_FOUND, ARGUMENT. */
enum planche_status planche_cli_dropin_model(const struct planche_cli_dropin_options *options,
                                             const char *program,
                                             struct planche_engine_options *engine, char *path,
                                             size_t size, struct planche_error *error);

#endif
