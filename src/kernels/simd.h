/* SPDX-License-Identifier: MIT */
/* What the vector kernels share. Kernels are written once, in *_body.h, over the small set of
 * operations that simd_<isa>.h provides; <op>_<isa>.c puts the two together. */
#ifndef PLANCHE_KERNELS_SIMD_H
#define PLANCHE_KERNELS_SIMD_H

#include "kernels/kernels.h"

#define INLINE inline __attribute__((always_inline))

/* Before a loop of a constant count whose body indexes an array of vectors: only a fully unrolled
 * loop lets the array live in registers. */
#ifdef __clang__
#define UNROLL      _Pragma("clang loop unroll(full)")
#define UNROLL_BY_4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL      _Pragma("GCC unroll 64")
#define UNROLL_BY_4 _Pragma("GCC unroll 4")
#endif

#define LANES PLANCHE_LANES
/* Vectors of a block of lanes. */
#define PARTS (LANES / VEC_LANES)

#endif
