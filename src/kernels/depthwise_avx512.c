/* SPDX-License-Identifier: MIT */
/* Convolution of every channel by itself with AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/simd_avx512.h"

#include "kernels/depthwise_body.h"
