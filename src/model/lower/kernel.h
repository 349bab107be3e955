/* SPDX-License-Identifier: MIT */
/* Lowering of layers with kernels, and of padding. */
#ifndef PLANCHE_MODEL_LOWER_KERNEL_H
#define PLANCHE_MODEL_LOWER_KERNEL_H

#include "model/lower/builder.h"

/* Takes the layer's weights, and may change its geometry. */
enum planche_status planche_lower_kernel(struct planche_builder *builder,
                                         struct planche_layer *layer);
enum planche_status planche_lower_pad(struct planche_builder *builder, struct planche_layer *layer);

#endif
