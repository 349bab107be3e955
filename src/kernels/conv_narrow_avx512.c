/* SPDX-License-Identifier: MIT */
/* Convolution to a few planar channels with AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/simd_avx512.h"

#include "kernels/conv_narrow_body.h"
