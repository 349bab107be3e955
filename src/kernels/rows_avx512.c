/* SPDX-License-Identifier: MIT */
/* rows_body.h compiled for AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/rows_body.h"
