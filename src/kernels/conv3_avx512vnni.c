/* SPDX-License-Identifier: MIT */
/* Quantised 3x3 convolution. */
#define KERNEL_NAME(op) planche_##op##_int8_avx512vnni
#include "kernels/simd_avx512vnni.h"

#include "kernels/conv3_body.h"
