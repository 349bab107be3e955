/* SPDX-License-Identifier: MIT */
/* Convolution with NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/simd_neon.h"

#include "kernels/conv_body.h"
