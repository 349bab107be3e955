/* SPDX-License-Identifier: MIT */
/* samples_body.h compiled for NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/samples_body.h"
