/* SPDX-License-Identifier: MIT */
/* elementwise_body.h compiled for AVX2 and FMA. */
#define KERNEL_NAME(op) planche_##op##_f32_avx2
#include "kernels/elementwise_body.h"

#include "kernels/activate_body.h"
#include "kernels/norm_body.h"
