/* SPDX-License-Identifier: MIT */
/* Convolution of every channel by itself with AVX2. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/simd_avx2.h"

#include "kernels/depthwise_body.h"
