/* SPDX-License-Identifier: MIT */
/* rows_body.h compiled for NEON. */
#define KERNEL_NAME(op) planche_##op##_f32_neon
#include "kernels/rows_body.h"
