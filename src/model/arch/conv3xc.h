/* SPDX-License-Identifier: MIT */
/* Conv3XC: convolutions of 1, 3 and 1 one after the other and one of 1 beside them, which networks
 * of the SPAN family are trained with and which are one convolution of 3 afterwards. */
#ifndef PLANCHE_MODEL_ARCH_CONV3XC_H
#define PLANCHE_MODEL_ARCH_CONV3XC_H

#include "model/arch/arch.h"

/* By KEY.conv.0, KEY.conv.1, KEY.conv.2 and KEY.sk; factor: pixels are taken apart first. */
__attribute__((format(printf, 4, 5))) int planche_arch_conv3xc(struct planche_arch_builder *builder,
                                                               int input, int factor,
                                                               const char *format, ...);

#endif
