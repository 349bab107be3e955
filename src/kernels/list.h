/* SPDX-License-Identifier: MIT */
/* Declarations of the functions that kernels.def lists, and the ISAs' features. */
#ifndef PLANCHE_KERNELS_LIST_H
#define PLANCHE_KERNELS_LIST_H

#include "kernels/kernels.h"

#include <planche/engine.h>

/* The type of a member of struct planche_kernels, less the pointer. */
#define PLANCHE_KERNEL_TYPE(op) __typeof__(*((struct planche_kernels *)0)->op)

#define KERNEL(op, type, isa) PLANCHE_KERNEL_TYPE(op) planche_##op##_##type##_##isa;
#include "kernels/kernels.def"
#undef KERNEL

/* The feature that a version's `isa` in the list needs. */
#define PLANCHE_ISA_portable PLANCHE_CPU_PORTABLE
#define PLANCHE_ISA_avx2     PLANCHE_CPU_AVX2
#define PLANCHE_ISA_avx512   PLANCHE_CPU_AVX512
#define PLANCHE_ISA_neon     PLANCHE_CPU_NEON

#endif
