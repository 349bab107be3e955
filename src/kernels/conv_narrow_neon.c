/* SPDX-License-Identifier: MIT */
/* Convolution to a few planar channels with NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/simd_neon.h"

#include "kernels/conv_narrow_body.h"
