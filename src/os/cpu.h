/* SPDX-License-Identifier: MIT */
/* CPU features, and the mask that limits them. */
#ifndef PLANCHE_OS_CPU_H
#define PLANCHE_OS_CPU_H

#include <planche/types.h>
#include <stdbool.h>
#include <stdint.h>

/* The features that this machine and its operating system have: PLANCHE_CPU_*. */
uint32_t planche_cpu_detect(void);
/* The features to use: those of the machine (operating system support included), limited by mask
 * (0: all) and by the environment variable PLANCHE_CPU_MASK (a number as strtoul reads it).
 * PLANCHE_CPU_PORTABLE is always set; AMX implies AVX512BF16, which implies AVX512, which implies
 * AVX2; AVX512VNNI implies AVX512, AVXVNNI implies AVX2. */
uint32_t planche_cpu_select(uint32_t mask);
/* Asks the system for what processes may use only after they asked: features, without
 * PLANCHE_CPU_AMX if that was refused. From then on the process's signal stacks must have room for
 * tiles, so only who is going to use AMX should ask. */
uint32_t planche_cpu_permit(uint32_t features);
/* "amx", "avx512", "avx2", "neon" or "portable": the best of features. */
const char *planche_cpu_isa_name(uint32_t features);
/* Whether this is, or may be, a virtual machine: false only where the CPU says that it is not. */
bool planche_cpu_is_virtual(void);
/* Bytes of the second-level cache of one core; 512 KiB if unknown. */
uint64_t planche_cpu_l2_bytes(void);

#endif
