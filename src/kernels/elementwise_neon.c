/* SPDX-License-Identifier: MIT */
/* elementwise_body.h compiled for NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/elementwise_body.h"

#include "kernels/activate_body.h"
#include "kernels/norm_body.h"
