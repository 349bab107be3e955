/* SPDX-License-Identifier: MIT */
/* Attention within a window in portable C. */
#define KERNEL_NAME(op) planche_##op##_f32_portable
#include "kernels/attention_body.h"
