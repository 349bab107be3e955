/* SPDX-License-Identifier: MIT */
/* Attention within a window with AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/simd_avx512.h"

#include "kernels/attention_body.h"
