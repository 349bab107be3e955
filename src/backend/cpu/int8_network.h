/* SPDX-License-Identifier: MIT */
/* Quantised network: chains of plain 3x3 convolutions in bytes (kernels/conv3_int8.h).
 *
 * Weights have a step for each output channel, activations a step and a zero for each channel, from
 * their range on a picture that the library draws (int8_picture.c): no data comes with the model.
 * Each layer is calibrated on what the quantised layers before it make, so that calibration is done
 * by the kernels themselves, whose sums are exact: the same on every machine. Pages enter in bytes,
 * as they are; sums of the last layer leave as floats, to which the page's own floats are added. */
#ifndef PLANCHE_BACKEND_CPU_INT8_NETWORK_H
#define PLANCHE_BACKEND_CPU_INT8_NETWORK_H

#include "backend/cpu/int8_rows.h"
#include "base/pool.h"
#include "net/net.h"

/* Immutable once made, shared by all pages. */
struct planche_int8_network {
    struct planche_budget *budget;
    const struct planche_net *net;
    struct planche_recipe recipe;
    struct planche_kernels kernels;
    int layer_count;
    struct planche_int8_layer *layers;
    unsigned factor;             /* of the pixel shuffle behind the last layer; 1: none */
    bool adds_page;              /* the page with repeated pixels */
    float byte_scale, byte_bias; /* of network input values, to bytes */
};

/* net must outlive the network; its weights need not. Errors: UNSUPPORTED (names the layer that
 * does not fit), MEMORY (also where the budget has no room). */
enum planche_status planche_int8_network_create(struct planche_int8_network **out,
                                                const struct planche_net *net, uint32_t features,
                                                struct planche_pool *pool,
                                                struct planche_budget *budget,
                                                struct planche_error *error);
void planche_int8_network_destroy(struct planche_int8_network **network);
/* Bytes of its weights, about. */
uint64_t planche_int8_network_bytes(const struct planche_net *net);

#endif
