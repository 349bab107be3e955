/* SPDX-License-Identifier: MIT */
/* Weight packing: a convolution's weights in the order in which its kernel reads them. */
#ifndef PLANCHE_BACKEND_CPU_PACK_WEIGHTS_H
#define PLANCHE_BACKEND_CPU_PACK_WEIGHTS_H

#include "backend/cpu/program.h"

/* Output pixels that one task of a plain convolution computes at most. */
#define PLANCHE_CONV_RUN 384

/* Output blocks of group g when blocks go through the kernels four at a time. */
static inline unsigned planche_group_blocks(unsigned out_blocks, unsigned group)
{
    unsigned rest = out_blocks - group * 4;
    return rest < 4 ? rest : 4;
}

/* Fills node->conv for a CONV or DECONV step, all but the weights, and chooses between the kernels
 * (the node's kind and tile). Errors: MEMORY, BUDGET, UNSUPPORTED. */
enum planche_status planche_pack_depthwise(struct planche_program *program,
                                           struct planche_node *node, struct planche_error *error);
enum planche_status planche_pack_conv(struct planche_program *program, struct planche_node *node,
                                      uint64_t l2_bytes, struct planche_error *error);
/* Packs the weights of all nodes into program->weights. Errors: MEMORY, BUDGET. */
enum planche_status planche_pack_weights(struct planche_program *program, struct planche_pool *pool,
                                         struct planche_error *error);
/* About the bytes that the packed weights of a network take, before any are packed. */
uint64_t planche_pack_bytes(const struct planche_net *net, enum planche_precision precision,
                            uint32_t features);
void planche_pack_destroy(struct planche_conv_program *conv);

/* Bytes of scratch that one worker needs for the node. False on overflow. */
bool planche_pack_scratch(const struct planche_node *node, size_t *bytes);

#endif
