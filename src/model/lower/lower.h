/* SPDX-License-Identifier: MIT */
/* Lowering: from a model's graph to the intermediate representation that backends run. Splits,
 * crops and concatenations become views and lists of inputs; activations, scales and sums go into
 * the convolution before them. */
#ifndef PLANCHE_MODEL_LOWER_LOWER_H
#define PLANCHE_MODEL_LOWER_LOWER_H

#include "model/graph.h"

/* Fills the net's tensors, steps and output, and takes the weights out of the graph, which must
 * have gone through planche_graph_channels. crops: [layer_count], from planche_recipe_derive.
 * Errors: UNSUPPORTED, MEMORY, BUDGET. */
enum planche_status planche_graph_lower(struct planche_graph *graph,
                                        const struct planche_crop *crops, struct planche_net *net,
                                        struct planche_error *error);

#endif
