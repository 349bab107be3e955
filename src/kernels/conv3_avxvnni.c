/* SPDX-License-Identifier: MIT */
/* Quantised 3x3 convolution. */
#define KERNEL_NAME(op) planche_##op##_int8_avxvnni
#include "kernels/simd_avxvnni.h"

#include "kernels/conv3_body.h"
