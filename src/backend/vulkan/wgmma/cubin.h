/* SPDX-License-Identifier: MIT */
/* The machine code of conv_wgmma.cu, which cubin.py embeds. */
#ifndef PLANCHE_BACKEND_VULKAN_WGMMA_CUBIN_H
#define PLANCHE_BACKEND_VULKAN_WGMMA_CUBIN_H

#include <stddef.h>
#include <stdint.h>

extern const uint64_t planche_cubin[];
extern const size_t planche_cubin_size; /* bytes */

#endif
