/* SPDX-License-Identifier: MIT */
/* From a state dict to a graph with weights. */
#ifndef PLANCHE_MODEL_ARCH_LOAD_H
#define PLANCHE_MODEL_ARCH_LOAD_H

#include "model/arch/arch.h"

/* Adds a network's layers, orders them and reads their weights. Errors: MODEL, UNSUPPORTED (also:
 * it is no architecture that is known), IO, MEMORY, BUDGET. */
enum planche_status planche_arch_load(struct planche_graph *graph,
                                      const struct planche_state *state,
                                      const struct planche_arch *arch,
                                      struct planche_arch_facts *facts,
                                      struct planche_error *error);

#endif
