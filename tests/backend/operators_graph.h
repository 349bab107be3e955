/* SPDX-License-Identifier: MIT */
/* Networks of random_operators.h for the library. */
#ifndef PLANCHE_TESTS_OPERATORS_GRAPH_H
#define PLANCHE_TESTS_OPERATORS_GRAPH_H

#include "model/graph.h"
#include "reference.h"

enum planche_status operators_net(struct planche_net **out, const struct ref_net *reference,
                                  struct planche_budget *budget, struct planche_error *error);

#endif
