/* SPDX-License-Identifier: MIT */
/* Whether pages run on GPUs, and the network for the CPU of an engine that has some: it is compiled
 * when the first page must be made there. */
#ifndef PLANCHE_ENGINE_FALLBACK_H
#define PLANCHE_ENGINE_FALLBACK_H

#include "engine/engine.h"

void planche_fallback_init(struct planche_fallback *fallback);
/* Also when it was never used. Before the engine's net and budget go. */
void planche_fallback_destroy(struct planche_fallback *fallback);

/* Whether the engine's pages are for GPUs. The log says once that none is left. */
bool planche_fallback_has_gpus(const struct planche_engine *engine);

/* The program that pages run with on the CPU, the engine's. The caller has no part of the gate's
 * memory, or it could wait for itself. Thread-safe. Errors: those of planche_program_create;
 * CANCELLED, DEADLINE while memory was waited for. */
enum planche_status planche_fallback_get(const struct planche_engine *engine,
                                         const struct planche_program **program,
                                         const struct planche_cancel_token *cancel,
                                         struct planche_error *error);

#endif
