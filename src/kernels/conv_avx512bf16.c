/* SPDX-License-Identifier: MIT */
/* Convolution of a run of pixels with products in bf16. */
#define KERNEL_NAME(op) planche_##op##_bf16_avx512bf16
#include "kernels/simd_avx512bf16.h"

#include "kernels/conv_body.h"
