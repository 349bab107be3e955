/* SPDX-License-Identifier: MIT */
/* rows_body.h compiled for AVX2 and FMA. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/rows_body.h"
