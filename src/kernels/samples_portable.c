/* SPDX-License-Identifier: MIT */
/* samples_body.h in portable C. */
#define KERNEL_NAME(op) planche_##op##_f32_portable
#include "kernels/samples_body.h"
