/* SPDX-License-Identifier: MIT */
/* Attention within a window with NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/simd_neon.h"

#include "kernels/attention_body.h"
