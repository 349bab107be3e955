/* SPDX-License-Identifier: MIT */
/* elementwise_body.h compiled for AVX-512. */
#define KERNEL_NAME(op) planche_##op##_f32_avx512
#include "kernels/elementwise_body.h"

#include "kernels/activate_body.h"
#include "kernels/norm_body.h"
