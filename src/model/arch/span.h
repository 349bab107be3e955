/* SPDX-License-Identifier: MIT */
/* The block of SPAN and SPANPlus. */
#ifndef PLANCHE_MODEL_ARCH_SPAN_H
#define PLANCHE_MODEL_ARCH_SPAN_H

#include "model/arch/builder.h"

/* *inner: the first convolution's result behind its activation. */
int planche_arch_span_block(struct planche_arch_builder *builder, int x, const char *key,
                            enum planche_activation activation, int *inner);

#endif
