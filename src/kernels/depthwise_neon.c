/* SPDX-License-Identifier: MIT */
/* Convolution of every channel by itself with NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/simd_neon.h"

#include "kernels/depthwise_body.h"
