/* SPDX-License-Identifier: MIT */
/* Attention within a window with AVX2. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/simd_avx2.h"

#include "kernels/attention_body.h"
