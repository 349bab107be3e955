/* SPDX-License-Identifier: MIT */
/* Real-CUGAN's pre- and post-processing, which its program does outside of the network. */
#ifndef PLANCHE_MODEL_CUGAN_H
#define PLANCHE_MODEL_CUGAN_H

#include "model/graph.h"

/* Sets the recipe's pixel range, and appends the addition of the enlarged input if the graph is
 * that of Real-CUGAN 4x; leaves networks of other families at the plain range. unknown: the model
 * is not one of the catalogue, so that its name tells whether it is of the "pro" kind. shrink: how
 * much smaller than the enlarged input the output is. Errors: MEMORY, BUDGET. */
enum planche_status planche_cugan_adapt(const struct planche_graph *graph, struct planche_net *net,
                                        bool unknown, int64_t shrink, struct planche_error *error);

#endif
