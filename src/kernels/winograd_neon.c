/* SPDX-License-Identifier: MIT */
/* Winograd convolution with NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/simd_neon.h"

#include "kernels/winograd_body.h"
