/* SPDX-License-Identifier: MIT */
/* What an engine's pages run on: the choice between GPUs and the CPU, and the network made ready
 * for it. */
#ifndef PLANCHE_ENGINE_PREPARE_H
#define PLANCHE_ENGINE_PREPARE_H

#include "engine/engine.h"

/* Whether options say what there can be. Errors: ARGUMENT, UNSUPPORTED. */
enum planche_status planche_prepare_check(const struct planche_engine_options *options,
                                          struct planche_error *error);
/* Chooses the CPU's features and kernels, which GPUs' pages need, too. Errors: UNSUPPORTED. */
enum planche_status planche_prepare_cpu(struct planche_engine *engine,
                                        const struct planche_engine_options *options,
                                        struct planche_error *error);
/* Puts the engine's net on GPUs, or compiles it for the CPU. Errors: as planche_engine_create. */
enum planche_status planche_prepare_network(struct planche_engine *engine,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error);

#endif
