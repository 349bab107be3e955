/* SPDX-License-Identifier: MIT */
/* Convolutions that are trained as the sum of several, and run as one. */
#ifndef PLANCHE_MODEL_ARCH_REPCONV_H
#define PLANCHE_MODEL_ARCH_REPCONV_H

#include "model/arch/builder.h"

/* RepConv: KEY.alpha times a 1x1 and a 3x3 convolution one behind the other (conv1), a 3x3 one
 * (conv2) and a Conv3XC (conv3), over pixels that are taken apart by a factor; or KEY.conv_3x3_rep
 * if that is all there is. */
__attribute__((format(printf, 4, 5))) int planche_arch_repconv(struct planche_arch_builder *builder,
                                                               int input, int factor,
                                                               const char *format, ...);
/* Its channels: axis 0: the result's, 1: the input's. 0: there is none. */
int planche_arch_repconv_size(const struct planche_state *state, int axis, const char *key);
/* OmniShift: each channel by the sum of itself and kernels of 1x1, 3x3 and 5x5. */
__attribute__((format(printf, 3, 4))) int
planche_arch_omnishift(struct planche_arch_builder *builder, int input, const char *format, ...);

#endif
