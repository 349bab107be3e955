/* SPDX-License-Identifier: MIT */
/* samples_body.h compiled for AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/samples_body.h"
