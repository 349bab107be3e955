/* SPDX-License-Identifier: MIT */
/* Dependency levels: page-wide averages (squeeze and excitation) that must be known before a tensor
 * can be made. Backends make one pass over the page for each level. */
#ifndef PLANCHE_NET_LEVELS_H
#define PLANCHE_NET_LEVELS_H

#include "net/net.h"

/* Fills levels[tensor_count]: 0 for a tensor that depends on no vector; that of its input + 1 for a
 * POOL's vector; the highest of what is read for all others. Returns the highest level of any
 * vector. */
int planche_net_levels(const struct planche_net *net, int *levels);

#endif
