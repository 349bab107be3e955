/* SPDX-License-Identifier: MIT */
/* SIMD abstraction that the vector kernels share. Kernels are written once, in *_body.h, over the
 * small set of operations that simd_<isa>.h provides; <op>_<isa>.c puts the two together. */
#ifndef PLANCHE_KERNELS_SIMD_H
#define PLANCHE_KERNELS_SIMD_H

#include "kernels/kernels.h"

#define INLINE inline __attribute__((always_inline))

/* Loops of a constant count over arrays of vectors: only when no index is left can the array live
 * in registers, and the compilers want to be told so in different ways. */
#ifdef __clang__
#define UNROLL_PRAGMA      _Pragma("clang loop unroll(full)")
#define UNROLL_BY_4_PRAGMA _Pragma("clang loop unroll_count(4)")
#define NO_UNROLL          _Pragma("clang loop unroll(disable)")
#else
#define UNROLL_PRAGMA      _Pragma("GCC unroll 64")
#define UNROLL_BY_4_PRAGMA _Pragma("GCC unroll 4")
#define NO_UNROLL          _Pragma("GCC unroll 1")
#endif
#define UNROLL(i, count)      UNROLL_PRAGMA for (unsigned i = 0; i < (count); i++)
#define UNROLL_BY_4(i, count) UNROLL_BY_4_PRAGMA for (unsigned i = 0; i < (count); i++)

#define LANES PLANCHE_LANES
/* Vectors of a block of lanes. */
#define PARTS (LANES / VEC_LANES)

#endif
