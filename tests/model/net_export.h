/* SPDX-License-Identifier: MIT */
/* Writes a lowered network back as ncnn files without any fusion, so that the reference can run
 * it: what the lowering did must not have changed what the network computes. */
#ifndef PLANCHE_TESTS_NET_EXPORT_H
#define PLANCHE_TESTS_NET_EXPORT_H

#include "net/net.h"
#include "random_graph.h"

/* To be freed with random_graph_free(). */
void net_export(const struct planche_net *net, struct random_graph *files);

#endif
