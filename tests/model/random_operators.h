/* SPDX-License-Identifier: MIT */
/* Random networks of the operators that other formats than ncnn's bring, as text and weights for
 * the reference: ncnn's layers where it has them (Convolution with groups as parameter 7), else
 *   Activation 9=, 10=            numbers beyond ncnn's as in enum planche_activation
 *   Part 0=begin 1=count          channels
 *   Norm 0=channels 1=eps 2=kind  of a pixel; weights, then biases
 *   Interp 7=place 8=a            enum planche_interp_place, Keys' a */
#ifndef PLANCHE_TESTS_RANDOM_OPERATORS_H
#define PLANCHE_TESTS_RANDOM_OPERATORS_H

#include "random_graph.h"

/* To be freed with random_graph_free. */
void random_operators_make(struct random_graph *graph, uint64_t seed);

#endif
