/* SPDX-License-Identifier: MIT */
/* samples_body.h compiled for AVX2 and FMA. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/samples_body.h"
