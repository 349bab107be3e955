/* SPDX-License-Identifier: MIT */
/* Convolution with AVX2 and FMA. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/simd_avx2.h"

#include "kernels/conv_body.h"
