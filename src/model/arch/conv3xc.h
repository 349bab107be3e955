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

/* Reads KEY.PART of count numbers to new memory. Errors: MODEL: it is not there or of another size;
 * those of planche_state_read. */
enum planche_status planche_arch_read_part(const struct planche_arch_builder *builder,
                                           const char *key, const char *part, size_t count,
                                           float **to);
/* Where tap k of a 3x3 kernel's input i lies in the kernel over pixels that are taken apart by r.
 */
size_t planche_arch_place(size_t in, size_t r, size_t o, size_t i, size_t k);
/* Fills the kernel and the bias of the one convolution, of as many channels as KEY.sk has. */
enum planche_status planche_arch_fold_conv3xc(const struct planche_arch_builder *builder,
                                              const char *key, size_t factor, float *weights,
                                              float *bias);

#endif
