/* SPDX-License-Identifier: MIT */
/* What the CPU can do, and the mask that limits it. */
#ifndef PLANCHE_CPU_CPU_H
#define PLANCHE_CPU_CPU_H

#include <planche/engine.h>

/* The features to use: those of the machine (operating system support included), limited by mask
 * (0: all) and by the environment variable PLANCHE_CPU_MASK (a number as strtoul reads it).
 * PLANCHE_CPU_PORTABLE is always set; AVX512BF16 implies AVX512, which implies AVX2. */
uint32_t planche_cpu_select(uint32_t mask);
/* "avx512", "avx2", "neon" or "portable": the best of features for floats. */
const char *planche_cpu_isa_name(uint32_t features);
/* Bytes of the second-level cache of one core; 512 KiB if unknown. */
uint64_t planche_cpu_l2_bytes(void);

#endif
