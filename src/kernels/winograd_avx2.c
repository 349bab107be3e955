/* SPDX-License-Identifier: MIT */
/* Winograd convolution with AVX2 and FMA. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/simd_avx2.h"

#include "kernels/winograd_body.h"
