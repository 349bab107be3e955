/* SPDX-License-Identifier: MIT */
/* Declarations of the functions that kernels.def lists, and the ISAs' features. */
#ifndef PLANCHE_KERNELS_LIST_H
#define PLANCHE_KERNELS_LIST_H

#include "kernels/kernels.h"

#include <planche/types.h>

/* The member of struct planche_kernels that KERNEL(op, type, isa) fills. */
#define PLANCHE_KERNEL_MEMBER(op, type) PLANCHE_KERNEL_MEMBER_##type(op)
#define PLANCHE_KERNEL_MEMBER_f32(op)   op
#define PLANCHE_KERNEL_MEMBER_bf16(op)  op##_bf16
#define PLANCHE_KERNEL_MEMBER_int8(op)  op##_int8

#define KERNEL(op, type, isa)                                                                      \
    __typeof__(*((struct planche_kernels *)0)                                                      \
                    ->PLANCHE_KERNEL_MEMBER(op, type)) planche_##op##_##type##_##isa;
#include "kernels/kernels.def"
#undef KERNEL

/* The feature that a version's `isa` in the list needs. */
#define PLANCHE_ISA_portable   PLANCHE_CPU_PORTABLE
#define PLANCHE_ISA_avx2       PLANCHE_CPU_AVX2
#define PLANCHE_ISA_avx512     PLANCHE_CPU_AVX512
#define PLANCHE_ISA_avx512bf16 PLANCHE_CPU_AVX512BF16
#define PLANCHE_ISA_amx        PLANCHE_CPU_AMX
#define PLANCHE_ISA_avxvnni    PLANCHE_CPU_AVXVNNI
#define PLANCHE_ISA_avx512vnni PLANCHE_CPU_AVX512VNNI
#define PLANCHE_ISA_neon       PLANCHE_CPU_NEON

#endif
