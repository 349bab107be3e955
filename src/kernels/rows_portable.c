/* SPDX-License-Identifier: MIT */
/* rows_body.h in portable C. */
#define KERNEL_NAME(op) planche_##op##_f32_portable
#include "kernels/rows_body.h"
